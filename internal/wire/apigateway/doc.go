// Package apigateway is the wire form of Amazon API Gateway's first control API (REST APIs, version 2015-07-09): a structure for each
// shape, Service for its operations, Table to serve them. All but this file and constraints.go is generated.
//
// Field names are the model's with an upper-case first letter. A nil pointer, slice or map is a member that is absent; an empty
// slice or map is present and empty.
package apigateway

//go:generate go run gatehouse/cmd/wiregen -model ../../../cmd/wiregen/models/apigateway.json
