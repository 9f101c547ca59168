// Package wire speaks the AWS service protocols on the server's side: it tells which operation a request is, turns the request into
// that operation's input, and turns the answer or the error back into bytes.
//
// A service is a Table: one Operation a row, made by the generated packages below this one (wire/apigateway, wire/apigatewayv2,
// wire/management) from the public service models. Their structures carry what the protocol needs to know about a member in a
// struct tag, so that one small codec that walks those tags serves every operation:
//
//	`wire:"name[,label|query|params|header|payload][,required][,epoch|iso][,enum=NAME]"`
//
// name is the member's name on the wire. A member without a place travels in the JSON body. A nil pointer, slice or map is absent;
// an empty slice or map is present and empty.
//
// The protocol so far is restJson1. A request passes, in this order: Guard (is this a control call at all, or a browser's accident),
// Mux (which service), Handler (route, caller, body, decode, constraints, call, encode).
package wire
