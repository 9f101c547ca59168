package apigatewayv2

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/openapi"
	"gatehouse/internal/store"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// What an export is asked for by.
const (
	oas30         = "OAS30"
	exportVersion = "1.0"
)

// ExportApi writes an API as an OpenAPI 3.0.1 document: its draft, or with a
// stage's name what that stage serves, as it was deployed.
func (s *Service) ExportApi(ctx context.Context, in *v2.ExportApiInput) (*v2.ExportApiOutput, error) {
	format := openapi.Format(strings.ToUpper(text(in.OutputType)))
	err := firstError(
		checkOneOf("specification", strings.ToUpper(text(in.Specification)), oas30),
		checkOneOf("outputType", string(format), string(openapi.JSON), string(openapi.YAML)),
	)
	if err == nil && text(in.ExportVersion) != "" {
		err = firstError(checkOneOf("exportVersion", *in.ExportVersion, exportVersion))
	}
	if err != nil {
		return nil, err
	}
	var c collector
	w := openapi.Writing{Format: format, Extensions: in.IncludeExtensions == nil || *in.IncludeExtensions}
	err = s.view(ctx, in.ApiId, func(d *draft) error {
		w.Server = s.desk.Endpoint(d.api, d.place.Region)
		w.Version = d.head.AWS.CreatedDate.Format(time.RFC3339)
		if stage := text(in.StageName); stage != "" {
			if stage != string(gate.DefaultStage) {
				w.BasePath = stage
			}
			return d.collectDeployed(stage, &c)
		}
		return d.collect(&c)
	})
	if err != nil {
		return nil, err
	}
	def, err := c.definition()
	if err != nil {
		return nil, err
	}
	body, err := openapi.Write(def, w)
	if err != nil {
		return nil, plainly(textUnsayable, err)
	}
	return &v2.ExportApiOutput{Body: body}, nil
}

// collect reads the draft.
func (d *draft) collect(c *collector) error {
	c.head = &d.head
	tree := d.defTree()
	return d.Scan(tree, func(doc store.Doc) error {
		if err := c.take(strings.TrimPrefix(doc.Key, tree), doc.Value); err != nil {
			return fmt.Errorf("document %s: %w", doc.Key, err)
		}
		return nil
	})
}

// collectDeployed reads what a stage serves.
func (d *draft) collectDeployed(name string, c *collector) error {
	var stage stageDoc
	if err := d.loadStage(name, &stage); err != nil {
		return err
	}
	id := text(stage.AWS.DeploymentId)
	if id == "" {
		return bad("stageName", textNothingDeployed, name)
	}
	doc, err := d.s.desk.Store.Get(d.Context(), gate.DeploymentKey(gate.DeploymentRef{API: d.api, ID: gate.DeploymentID(id)}))
	if errors.Is(err, store.ErrNotFound) {
		return noDeployment(id)
	}
	if err != nil {
		return fmt.Errorf("read deployment %s: %w", id, err)
	}
	var head gate.Deployment
	if err := json.Unmarshal(doc.Value, &head); err != nil {
		return fmt.Errorf("document %s: %w", doc.Key, err)
	}
	if len(head.Source) == 0 {
		return bad("stageName", textNoSource, id)
	}
	return d.s.desk.Unpack(d.Context(), head.Source, c.take)
}

// sayable is what of an API stands in a document. Defaults are left out: an
// import fills them in.
func sayable(a v2.Api) v2.Api {
	out := v2.Api{Name: a.Name, Version: a.Version, Description: a.Description, CorsConfiguration: a.CorsConfiguration, Tags: a.Tags}
	if is(a.DisableExecuteApiEndpoint) {
		out.DisableExecuteApiEndpoint = a.DisableExecuteApiEndpoint
	}
	if text(a.IpAddressType) != "ipv4" {
		out.IpAddressType = a.IpAddressType
	}
	return out
}
