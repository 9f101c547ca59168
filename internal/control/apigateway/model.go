package apigateway

import (
	"maps"
	"slices"

	"gatehouse/internal/control"
	v1 "gatehouse/internal/wire/apigateway"
)

// builtInModels are the models that every new API has (recorded on AWS).
func builtInModels() []v1.Model {
	model := func(name, description, schema string) v1.Model {
		return v1.Model{Id: new(control.NewID(control.ResourceIDLength)), Name: &name, Description: &description,
			ContentType: new("application/json"), Schema: &schema}
	}
	return []v1.Model{
		model("Empty", "This is a default empty schema model",
			"{\n  \"$schema\": \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty Schema\",\n  \"type\" : \"object\"\n}"),
		model("Error", "This is a default error schema model",
			"{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error Schema\",\n  \"type\" : \"object\",\n  \"properties\" : {\n    \"message\" : { \"type\" : \"string\" }\n  }\n}"),
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
