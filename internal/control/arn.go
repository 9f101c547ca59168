package control

import "strings"

// ARN is the name of a control-plane resource, such as /apis/a1b2c3. Its
// account is empty, as on AWS (IAM guide, "Actions, resources, and condition
// keys for Amazon API Gateway Management").
func (p Place) ARN(path string) string {
	return "arn:" + p.partition() + ":apigateway:" + p.Region + "::" + path
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
