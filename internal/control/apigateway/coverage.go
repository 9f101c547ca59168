package apigateway

func unenforced(prefix string, v any) []string { return nil }
