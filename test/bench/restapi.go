package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// restClients is how many control calls are under way at a time: Terraform's
// default.
const restClients = 10

// restStage is the stage that all REST APIs of the bench are served by.
const restStage = "prod"

// A maker makes REST APIs as any AWS client would, and counts.
type maker struct {
	*apigateway.Client
	backend string // its address
	tally   tally
}

// A tally counts what is sent, each attempt for itself.
type tally struct {
	calls   atomic.Int64
	refused atomic.Int64 // answers of 300 and above, ConflictException among them
}

// over counts what goes to next. It lies below the SDK, which hides what it
// tries again.
func (t *tally) over(next http.RoundTripper) http.RoundTripper {
	return tripper(func(req *http.Request) (*http.Response, error) {
		t.calls.Add(1)
		res, err := next.RoundTrip(req)
		if err != nil || res.StatusCode >= http.StatusMultipleChoices {
			t.refused.Add(1)
		}
		return res, err
	})
}

type tripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f tripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// maker is a client of the V1 control plane with a connection for each of its
// calls. What it is refused for a conflict it tries again, as Terraform does:
// one conflict is a figure, not the end of the run.
func (w *world) maker() *maker {
	m := &maker{backend: w.addr("Backend")}
	connections := &http.Transport{MaxIdleConns: restClients, MaxIdleConnsPerHost: restClients}
	m.Client = apigateway.New(apigateway.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String("http://" + w.addr("Control")),
		Credentials:  credentials.NewStaticCredentialsProvider("bench", "bench", ""),
		HTTPClient:   &http.Client{Timeout: 30 * time.Second, Transport: m.tally.over(connections)},
		Retryer:      retry.AddWithErrorCodes(retry.NewStandard(), (*types.ConflictException)(nil).ErrorCode()),
	})
	return m
}

// A task is one piece of work and what it makes possible.
type task func(context.Context) (next []task, err error)

// walk does the tasks, and those that they make possible, at most n at a time,
// and returns the first error, after which none is begun.
func walk(ctx context.Context, n int, ready ...task) error {
	type result struct {
		next []task
		err  error
	}
	results := make(chan result)
	var failure error
	for running := 0; running > 0 || len(ready) > 0; running-- {
		for ; running < n && len(ready) > 0; running++ {
			t := ready[0]
			ready = ready[1:]
			go func() {
				next, err := t(ctx)
				results <- result{next, err}
			}()
		}
		r := <-results
		if failure == nil {
			failure = r.err
		}
		if ready = append(ready, r.next...); failure != nil {
			ready = nil
		}
	}
	return failure
}

// makeAPI makes a REST API and returns its id and that of its root.
func (m *maker) makeAPI(ctx context.Context, name string) (api, root string, err error) {
	a, err := m.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: &name})
	if err != nil {
		return "", "", err
	}
	return *a.Id, *a.RootResourceId, nil
}

// resource is the task of one resource; then makes what belongs to it.
func (m *maker) resource(api, parent, part string, then func(id string) []task) task {
	return func(ctx context.Context) ([]task, error) {
		r, err := m.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: &api, ParentId: &parent, PathPart: &part})
		if err != nil {
			return nil, fmt.Errorf("resource %s: %w", part, err)
		}
		return then(*r.Id), nil
	}
}

// mock is the task of a method that answers by a literal template, with such
// headers. What Terraform would do at a time is done at a time.
func (m *maker) mock(api, resource, verb, body string, headers map[string]string) task {
	return func(ctx context.Context) ([]task, error) {
		_, err := m.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: &api, ResourceId: &resource, HttpMethod: &verb, AuthorizationType: aws.String("NONE")})
		if err != nil {
			return nil, err
		}
		return meet(func(ctx context.Context) ([]task, error) {
			return nil, m.answer(ctx, api, resource, verb, body, headers)
		}, func(ctx context.Context) error {
			return m.declare(ctx, api, resource, verb, headers)
		}, func(ctx context.Context) error {
			_, err := m.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: &api, ResourceId: &resource, HttpMethod: &verb,
				Type: types.IntegrationTypeMock, RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`}})
			return err
		}), nil
	}
}

// meet makes tasks of calls of which the last one to end makes then possible.
func meet(then task, calls ...func(context.Context) error) (all []task) {
	var left atomic.Int64
	left.Store(int64(len(calls)))
	for _, call := range calls {
		all = append(all, func(ctx context.Context) ([]task, error) {
			if err := call(ctx); err != nil || left.Add(-1) > 0 {
				return nil, err
			}
			return []task{then}, nil
		})
	}
	return all
}

// declare puts the method response that an answer needs.
func (m *maker) declare(ctx context.Context, api, resource, verb string, headers map[string]string) error {
	declared := map[string]bool{}
	for name := range headers {
		declared[name] = false
	}
	_, err := m.PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{RestApiId: &api, ResourceId: &resource, HttpMethod: &verb,
		StatusCode: aws.String("200"), ResponseParameters: declared})
	return err
}

// answer puts what a mock answers, in the place of what it answered.
func (m *maker) answer(ctx context.Context, api, resource, verb, body string, headers map[string]string) error {
	_, err := m.PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{RestApiId: &api, ResourceId: &resource, HttpMethod: &verb,
		StatusCode: aws.String("200"), ResponseParameters: headers, ResponseTemplates: map[string]string{"application/json": body}})
	return err
}

// proxy is the task of a method that asks the backend for the path. The path
// parameters are handed on by their names.
func (m *maker) proxy(api, resource, verb, path string, parameters ...string) task {
	return func(ctx context.Context) ([]task, error) {
		declared, mapped := map[string]bool{}, map[string]string{}
		for _, name := range parameters {
			declared["method.request.path."+name] = true
			mapped["integration.request.path."+name] = "method.request.path." + name
		}
		_, err := m.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: &api, ResourceId: &resource, HttpMethod: &verb,
			AuthorizationType: aws.String("NONE"), RequestParameters: declared})
		return []task{func(ctx context.Context) ([]task, error) {
			return nil, m.proxying(ctx, api, resource, verb, path, mapped)
		}}, err
	}
}

// proxying puts a method's integration, in the place of the one before.
func (m *maker) proxying(ctx context.Context, api, resource, verb, path string, mapped map[string]string) error {
	_, err := m.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: &api, ResourceId: &resource, HttpMethod: &verb,
		Type: types.IntegrationTypeHttpProxy, IntegrationHttpMethod: &verb, Uri: aws.String("http://" + m.backend + path), RequestParameters: mapped})
	return err
}

// deploy freezes an API and makes its stage serve it.
func (m *maker) deploy(ctx context.Context, api string) (deployment string, err error) {
	d, err := m.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: &api, StageName: aws.String(restStage)})
	if err != nil {
		return "", err
	}
	return *d.Id, nil
}

// mockBody is a literal template of as many bytes as the backend answers.
func mockBody() string {
	text, _ := json.Marshal(map[string]string{"payload": strings.Repeat("x", payload-len(`{"payload":""}`))}) // a string of x cannot fail
	return string(text)
}

// thousandResources makes an API, not deployed, with two methods for each
// prefix: a mock of the prefix itself, and a proxy of what lies below it.
func (m *maker) thousandResources(ctx context.Context) (api, root string, err error) {
	began := time.Now()
	api, root, err = m.makeAPI(ctx, "bench")
	if err != nil {
		return "", "", err
	}
	var all []task
	for _, p := range routePrefixes() {
		all = append(all, m.resource(api, root, p[1:], func(id string) []task {
			item := m.resource(api, id, "{item}", func(id string) []task { return []task{m.proxy(api, id, http.MethodGet, p+"/{item}", "item")} })
			return []task{item, m.mock(api, id, http.MethodGet, mockBody(), nil)}
		}))
	}
	err = walk(ctx, restClients, all...)
	progress("made a REST API of %d methods with %d calls in %v", 2*routes, m.tally.calls.Load(), time.Since(began).Round(10*time.Millisecond))
	return api, root, err
}
