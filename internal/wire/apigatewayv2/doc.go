// Package apigatewayv2 is the wire form of Amazon API Gateway's second control API (HTTP and WebSocket APIs, version 2018-11-29): a
// structure for each shape, Service for its operations, Table to serve them. All but this file and constraints.go is generated.
//
// Field names are the model's. A nil pointer, slice or map is a member that is absent; an empty slice or map is present and empty.
// Structures with the same members convert into each other, as in CreateApiOutput(api).
package apigatewayv2

//go:generate go run gatehouse/cmd/wiregen -model ../../../cmd/wiregen/models/apigatewayv2.json
