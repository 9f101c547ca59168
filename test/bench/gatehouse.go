package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	api "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// A house is a running gatehouse and its control plane.
type house struct {
	*child
	control *api.Client
}

// gatehouseBinary builds the binary once a run, unless one was given.
func (w *world) gatehouseBinary(ctx context.Context) (string, error) {
	if w.binary != "" {
		return w.binary, nil
	}
	return w.build(ctx, "./cmd/gatehouse", "gatehouse")
}

// startGatehouse starts `gatehouse serve` with an empty store.
func (w *world) startGatehouse(ctx context.Context) (*house, error) {
	binary, err := w.gatehouseBinary(ctx)
	if err != nil {
		return nil, err
	}
	config, err := w.render("gatehouse.yaml")
	if err != nil {
		return nil, err
	}
	p, err := w.start("gatehouse", proxyCore, []string{"GOMAXPROCS=1"}, binary, "serve", "--config", config)
	if err != nil {
		return nil, err
	}
	if err := p.listening(ctx, w.addr("Admin")); err != nil {
		return nil, err
	}
	h := &house{child: p, control: w.client()}
	return h, w.ready(ctx, p)
}

// client is an ordinary AWS client of the control plane. The signature has the
// right form; the bench runs on the loopback that the gateway trusts so far.
func (w *world) client() *api.Client {
	return api.New(api.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String("http://" + w.addr("Control")),
		Credentials:  credentials.NewStaticCredentialsProvider("bench", "bench", ""),
		HTTPClient:   &http.Client{Timeout: 30 * time.Second},
	})
}

// ready waits for the readiness page.
func (w *world) ready(ctx context.Context, p *child) error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		res, err := http.Get("http://" + w.addr("Admin") + "/readyz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended: %v\n%s", p.name, p.err, p.out)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return errors.New("gatehouse is not ready after 20 s")
		}
	}
}

// executeHost is the Host of an API's default stage.
func executeHost(apiID string) string { return apiID + ".execute-api.localhost" }

// makeAPI makes an HTTP API with the $default stage, which deploys itself when
// auto is set.
func (h *house) makeAPI(ctx context.Context, name string, auto bool) (id string, err error) {
	a, err := h.control.CreateApi(ctx, &api.CreateApiInput{Name: &name, ProtocolType: types.ProtocolTypeHttp})
	if err != nil {
		return "", err
	}
	_, err = h.control.CreateStage(ctx, &api.CreateStageInput{ApiId: a.ApiId, StageName: aws.String("$default"), AutoDeploy: &auto})
	return *a.ApiId, err
}

// addRoute makes a route and an HTTP_PROXY integration of its own.
func (h *house) addRoute(ctx context.Context, apiID, key, method, uri string) (route, integration string, err error) {
	i, err := h.control.CreateIntegration(ctx, &api.CreateIntegrationInput{
		ApiId: &apiID, IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: &method,
		IntegrationUri: &uri, PayloadFormatVersion: aws.String("1.0"),
	})
	if err != nil {
		return "", "", err
	}
	r, err := h.control.CreateRoute(ctx, &api.CreateRouteInput{ApiId: &apiID, RouteKey: &key, Target: aws.String("integrations/" + *i.IntegrationId)})
	if err != nil {
		return "", "", err
	}
	return *r.RouteId, *i.IntegrationId, nil
}

// deploy freezes the API and serves it.
func (h *house) deploy(ctx context.Context, apiID string) error {
	_, err := h.control.CreateDeployment(ctx, &api.CreateDeploymentInput{ApiId: &apiID, StageName: aws.String("$default")})
	return err
}

// thousandRoutes makes an API with one route and one integration for each
// prefix, eight calls at a time, and deploys it.
func (w *world) thousandRoutes(ctx context.Context, h *house) (apiID string, err error) {
	apiID, err = h.makeAPI(ctx, "bench", false)
	if err != nil {
		return "", err
	}
	prefixes := make(chan string)
	failures := make(chan error, 8)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range cap(failures) {
		go func() {
			for p := range prefixes {
				uri := "http://" + w.addr("Backend") + p + "/{item}"
				if _, _, err := h.addRoute(ctx, apiID, "GET "+p+"/{item}", "GET", uri); err != nil {
					cancel()
					failures <- fmt.Errorf("route %s: %w", p, err)
					return
				}
			}
			failures <- nil
		}()
	}
	for _, p := range routePrefixes() {
		select {
		case prefixes <- p:
		case <-ctx.Done():
		}
	}
	close(prefixes)
	for range cap(failures) {
		err = errors.Join(err, <-failures)
	}
	if err != nil {
		return "", err
	}
	return apiID, h.deploy(ctx, apiID)
}

func (w *world) startGatehouseContestants(ctx context.Context) ([]*contestant, error) {
	h, err := w.startGatehouse(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	id, err := w.thousandRoutes(ctx, h)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "bench: made and deployed %d routes in %v\n", routes, time.Since(began).Round(10*time.Millisecond))
	return []*contestant{
		{key: keyGatehouse, name: "gatehouse, 1000 routes, metrics, JSON log", url: "http://" + w.addr("Data"), host: executeHost(id), proc: h.child},
		{key: keyGatehouseTLS, name: "gatehouse, the same with TLS", url: "https://" + w.addr("DataTLS"), host: executeHost(id), proc: h.child},
	}, nil
}
