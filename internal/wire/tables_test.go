package wire_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// What is not built yet says so by name, operation by operation: the services that embed Unimplemented rely on it.
func TestUnimplemented(t *testing.T) {
	for _, table := range []wire.Table{apigateway.Table(apigateway.Unimplemented{}), apigatewayv2.Table(apigatewayv2.Unimplemented{}), management.Table(management.Unimplemented{})} {
		for _, o := range table.Operations {
			_, err := o.Call(t.Context(), reflect.New(o.In).Interface())
			if e, ok := errors.AsType[*wire.Error](err); !ok || e.Status != 501 || e.Type != "NotImplementedException" || !strings.Contains(e.Message, "the operation "+o.Name+".") {
				t.Errorf("%s %s: %v", table.Service, o.Name, err)
			}
		}
	}
}

// Clients take any 2xx, so the walk through them says nothing about the codes of success. These are the rules that AWS's references
// show.
func TestSuccessCodes(t *testing.T) {
	special := map[string]int{
		"apigateway DeleteMethod": 204, "apigateway DeleteMethodResponse": 204, "apigateway DeleteIntegration": 204, "apigateway DeleteIntegrationResponse": 204,
		"apigateway UpdateMethodResponse": 201, "apigateway CreateVpcLink": 202, "apigateway FlushStageCache": 202, "apigateway FlushStageAuthorizersCache": 202,
		"apigateway TestInvokeMethod": 200, "apigateway TestInvokeAuthorizer": 200, "apigateway ImportDocumentationParts": 200, "apigateway PutRestApi": 200,
		"apigateway TagResource": 204, "apigateway UntagResource": 204, "apigateway RejectDomainNameAccessAssociation": 202,
		"apigatewayv2 DeleteVpcLink": 202, "apigatewayv2 PublishPortal": 202, "apigatewayv2 PreviewPortal": 202,
		"apigatewayv2 PutRoutingRule": 200, "apigatewayv2 PutPortalProductSharingPolicy": 200,
		"management PostToConnection": 200,
	}
	for _, table := range []wire.Table{apigateway.Table(apigateway.Unimplemented{}), apigatewayv2.Table(apigatewayv2.Unimplemented{}), management.Table(management.Unimplemented{})} {
		for _, o := range table.Operations {
			want := map[string]int{"GET": 200, "PATCH": 200, "POST": 201, "PUT": 201, "DELETE": 204}[o.Method]
			if o.Method == "DELETE" && table.Service == "apigateway" {
				want = 202
			}
			if code, ok := special[table.Service+" "+o.Name]; ok {
				want = code
			}
			if o.Code != want {
				t.Errorf("%s %s: %d, want %d", table.Service, o.Name, o.Code, want)
			}
		}
	}
}

func TestMembers(t *testing.T) {
	var got []string
	for _, o := range apigatewayv2.Table(apigatewayv2.Unimplemented{}).Operations {
		if o.Name != "ImportApi" && o.Name != "GetRouteResponse" && o.Name != "CreateApi" {
			continue
		}
		for _, m := range wire.Members(o.In) {
			line := o.Name + " " + m.Path + " " + m.Wire
			for _, word := range []string{m.In, m.Enum} {
				if word != "" {
					line += " " + word
				}
			}
			if m.Required {
				line += " required"
			}
			if o.Name != "CreateApi" || strings.HasPrefix(m.Path, "Cors") || m.Enum != "" {
				got = append(got, line)
			}
		}
	}
	want := []string{
		"CreateApi CorsConfiguration corsConfiguration", "CreateApi CorsConfiguration.AllowCredentials allowCredentials", "CreateApi CorsConfiguration.AllowHeaders allowHeaders",
		"CreateApi CorsConfiguration.AllowMethods allowMethods", "CreateApi CorsConfiguration.AllowOrigins allowOrigins", "CreateApi CorsConfiguration.ExposeHeaders exposeHeaders",
		"CreateApi CorsConfiguration.MaxAge maxAge", "CreateApi IpAddressType ipAddressType IpAddressType", "CreateApi ProtocolType protocolType ProtocolType required",
		"GetRouteResponse ApiId ApiId label required", "GetRouteResponse RouteId RouteId label required", "GetRouteResponse RouteResponseId RouteResponseId label required",
		"ImportApi Basepath basepath query", "ImportApi Body body required", "ImportApi FailOnWarnings failOnWarnings query",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
