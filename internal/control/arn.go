package control

import "strings"

// ARN is the name of a control-plane resource, such as /apis/a1b2c3. Its
// account is empty, as on AWS (IAM guide, "Actions, resources, and condition
// keys for Amazon API Gateway Management").
func (p Place) ARN(path string) string {
	return "arn:" + p.partition() + ":apigateway:" + p.Region + "::" + path
}

// OwnARN is ARN of what AWS names with its account: private domain names, what
// leads to them, and routing rules.
func (p Place) OwnARN(path string) string {
	return "arn:" + p.partition() + ":apigateway:" + p.Region + ":" + p.Account + ":" + path
}

// Path is the opposite of ARN, and for private domain names of OwnARN: the path
// of an ARN of this place, ok is false for any other.
func (p Place) Path(arn string) (path string, ok bool) {
	if path, ok = strings.CutPrefix(arn, p.OwnARN("")); ok {
		return path, strings.HasPrefix(path, "/domainnames/") && strings.Contains(path, "+")
	}
	path, ok = strings.CutPrefix(arn, p.ARN(""))
	return path, ok && strings.HasPrefix(path, "/")
}

// Host is the name of AWS's that begins with a label: LABEL.execute-api.REGION...
func (p Place) Host(label string) string {
	suffix := "amazonaws.com"
	if strings.HasPrefix(p.Region, "cn-") {
		suffix += ".cn"
	}
	return label + ".execute-api." + p.Region + "." + suffix
}

// partition follows from the region (AWS General Reference, "ARN format").
func (p Place) partition() string {
	switch {
	case strings.HasPrefix(p.Region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(p.Region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
