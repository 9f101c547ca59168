package wire_test

import (
	"testing"

	"gatehouse/internal/wire"
	"gatehouse/internal/wire/apigateway"
	"gatehouse/internal/wire/apigatewayv2"
	"gatehouse/internal/wire/management"
)

func TestTablesCompile(t *testing.T) {
	for _, c := range []struct {
		table      wire.Table
		operations int
	}{
		{apigateway.Table(apigateway.Unimplemented{}), 124},
		{apigatewayv2.Table(apigatewayv2.Unimplemented{}), 103},
		{management.Table(management.Unimplemented{}), 3},
	} {
		if _, err := wire.NewHandler(c.table, wire.Options{}); err != nil {
			t.Error(err)
		}
		if got := len(c.table.Operations); got != c.operations {
			t.Errorf("%s: %d operations, want %d", c.table.Service, got, c.operations)
		}
	}
}

// Structures with the same members convert into each other: services rely on it to write one conversion for four operations.
var (
	_ = apigatewayv2.CreateApiOutput(apigatewayv2.Api{})
	_ = apigatewayv2.GetApiOutput(apigatewayv2.Api{})
	_ = apigatewayv2.UpdateApiOutput(apigatewayv2.Api{})
	_ = apigatewayv2.CreateRouteOutput(apigatewayv2.Route{})
	_ = apigatewayv2.CreateStageOutput(apigatewayv2.Stage{})
	_ = apigatewayv2.CreateDeploymentOutput(apigatewayv2.Deployment{})
)
