package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// edit moves random integrations between two backends and returns, in
// milliseconds, how long it took until the first answer from the new one.
func (w *world) edit(ctx context.Context, h *house, ids []string, base string) (took []float64, err error) {
	targets, closeAll, err := twoBackends()
	if err != nil {
		return nil, err
	}
	defer closeAll()
	for i := range w.changes {
		id := ids[rand.IntN(len(ids))]
		list, err := h.control.GetIntegrations(ctx, &api.GetIntegrationsInput{ApiId: &id, MaxResults: aws.String("1")})
		if err != nil {
			return nil, err
		}
		in := list.Items[0]
		path := strings.TrimSuffix((*in.IntegrationUri)[strings.LastIndex(*in.IntegrationUri, "/r"):], "/{item}")
		name, addr := fmt.Sprintf("target-%d", i%2), targets[i%2]
		began := time.Now()
		if _, err := h.control.UpdateIntegration(ctx, &api.UpdateIntegrationInput{ApiId: &id, IntegrationId: in.IntegrationId, IntegrationUri: aws.String("http://" + addr + path + "/{item}")}); err != nil {
			return nil, err
		}
		if err := answersAs(ctx, base, executeHost(id), path+"/x", name, began); err != nil {
			return nil, err
		}
		took = append(took, ms(time.Since(began)))
	}
	slices.Sort(took)
	return took, nil
}

// twoBackends are servers that answer with their own names.
func twoBackends() (addrs [2]string, closeAll func(), err error) {
	var servers []*http.Server
	closeAll = func() {
		for _, s := range servers {
			s.Close()
		}
	}
	for i := range addrs {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			closeAll()
			return addrs, nil, err
		}
		addrs[i] = l.Addr().String()
		name := fmt.Sprintf("target-%d", i)
		s := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, name) })}
		servers = append(servers, s)
		go s.Serve(l)
	}
	return addrs, closeAll, nil
}

// answersAs asks until the answer is the wanted one, at most two seconds.
func answersAs(ctx context.Context, base, host, path, want string, began time.Time) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
		if err != nil {
			return err
		}
		req.Host = host
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			return err
		}
		if string(body) == want {
			return nil
		}
		if time.Since(began) > 2*time.Second {
			return fmt.Errorf("%s%s answers %d %.40q two seconds after the change, not %q", host, path, res.StatusCode, body, want)
		}
	}
}
