// Package management is the wire form of the Amazon API Gateway Management API (version 2018-11-29): the three operations by which a
// backend reaches an open WebSocket connection. All but this file and constraints.go is generated; its model is written by hand.
//
// The operations live below the stage of the API whose connections they reach, so wire.Caller.Prefix and Host say which API is meant.
package management

//go:generate go run gatehouse/cmd/wiregen -model ../../../cmd/wiregen/models/management.json
