package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// A changed is what the load and the caller saw of deployments and rollbacks.
type changed struct {
	load      load
	stamps    stamps
	deploys   []float64 // milliseconds of CreateDeployment
	rollbacks []float64 // of UpdateStage
}

// stamps are what wrk read in the answers that were a success.
type stamps struct {
	whole, mixed int // answers
	deployments  int // that the whole ones were of
}

// A stamped is an API whose every deployment writes its number into whatever it
// answers, in five places that have nothing to do with each other.
type stamped struct {
	*maker
	api         string
	mock, proxy string // resources
	deployments []string
	numbers     []int // of these
}

// stampedPaths are answered by a mock, by the backend, and, since there is no
// such resource, by a gateway response.
func stampedPaths() []string { return []string{"/mocked", "/proxied", "/missing"} }

// changeREST deploys and rolls back under load, in turn.
func (w *world) changeREST(ctx context.Context, h *house, m *maker, api, root string) (c changed, err error) {
	s := &stamped{maker: m, api: api}
	if err := s.make(ctx, root); err != nil {
		return c, err
	}
	if err := s.next(ctx, w, &changed{}); err != nil {
		return c, err
	}
	host := executeHost(api)
	cmd, out, err := w.startWrk(ctx, &contestant{key: "stamped", name: "stamped", url: "http://" + w.addr("Data"), host: host, proc: h.child, lua: stampedLua(host)}, 10*time.Minute)
	if err != nil {
		return c, err
	}
	changing := s.change(ctx, w, &c)
	stopped := cmd.Process.Signal(syscall.SIGINT) // wrk then reports
	waited := cmd.Wait()
	if err := errors.Join(changing, stopped, waited); err != nil {
		return c, fmt.Errorf("%v\n%s", err, out)
	}
	if c.load, err = parseWrk(out.String()); err != nil {
		return c, err
	}
	c.stamps, err = parseStamps(out.String())
	return c, err
}

// make makes the two resources.
func (s *stamped) make(ctx context.Context, root string) error {
	return walk(ctx, restClients,
		s.resource(s.api, root, "mocked", func(id string) []task {
			s.mock = id
			return []task{s.maker.mock(s.api, id, http.MethodGet, stampText(0), stampHeaders("method.response.header.", 0))}
		}),
		s.resource(s.api, root, "proxied", func(id string) []task {
			s.proxy = id
			return []task{s.maker.proxy(s.api, id, http.MethodGet, "/stamped/0")}
		}))
}

// change makes a deployment, goes back to an earlier one, and so on.
func (s *stamped) change(ctx context.Context, w *world, c *changed) error {
	if err := sleep(ctx, time.Second); err != nil { // of load before the first change
		return err
	}
	for range max(1, w.changes/2) {
		if err := s.next(ctx, w, c); err != nil {
			return err
		}
		if err := s.back(ctx, w, c); err != nil {
			return err
		}
	}
	return sleep(ctx, time.Second)
}

// next edits the draft, which nobody may see, and deploys it.
func (s *stamped) next(ctx context.Context, w *world, c *changed) error {
	n := len(s.deployments) + 1
	if err := s.stamp(ctx, n); err != nil {
		return err
	}
	began := time.Now()
	id, err := s.deploy(ctx, s.api)
	if err != nil {
		return err
	}
	c.deploys = append(c.deploys, ms(time.Since(began)))
	s.deployments, s.numbers = append(s.deployments, id), append(s.numbers, n)
	return s.shows(ctx, w, n)
}

// back makes the stage serve any earlier deployment.
func (s *stamped) back(ctx context.Context, w *world, c *changed) error {
	i := rand.IntN(len(s.deployments) - 1)
	began := time.Now()
	_, err := s.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: &s.api, StageName: aws.String(restStage),
		PatchOperations: []types.PatchOperation{{Op: types.OpReplace, Path: aws.String("/deploymentId"), Value: &s.deployments[i]}}})
	if err != nil {
		return err
	}
	c.rollbacks = append(c.rollbacks, ms(time.Since(began)))
	return s.shows(ctx, w, s.numbers[i])
}

// stamp writes a number wherever the next deployment can show one.
func (s *stamped) stamp(ctx context.Context, n int) error {
	mapped := stampHeaders("integration.request.header.", n)
	_, err := s.PutGatewayResponse(ctx, &apigateway.PutGatewayResponseInput{RestApiId: &s.api, ResponseType: types.GatewayResponseTypeMissingAuthenticationToken,
		StatusCode: aws.String("200"), ResponseParameters: stampHeaders("gatewayresponse.header.", n), ResponseTemplates: map[string]string{"application/json": stampText(n)}})
	return errors.Join(err,
		s.answer(ctx, s.api, s.mock, http.MethodGet, stampText(n), stampHeaders("method.response.header.", n)),
		s.proxying(ctx, s.api, s.proxy, http.MethodGet, fmt.Sprintf("/stamped/%d", n), mapped))
}

// shows waits until each path is answered by a deployment.
func (s *stamped) shows(ctx context.Context, w *world, n int) error {
	for _, path := range stampedPaths() {
		if err := answersAs(ctx, "http://"+w.addr("Data")+"/"+restStage, executeHost(s.api), path, stampText(n), time.Now()); err != nil {
			return err
		}
	}
	return nil
}

// stampText is the body that a deployment answers with.
func stampText(n int) string { return fmt.Sprintf("%d %d %d", n, n, n) }

// stampHeaders are literals.
func stampHeaders(prefix string, n int) map[string]string {
	return map[string]string{prefix + "First": fmt.Sprintf("'%d'", n), prefix + "Second": fmt.Sprintf("'%d'", n)}
}

// stampedLua asks for the paths in turn and compares the numbers in each answer.
func stampedLua(host string) string {
	paths := stampedPaths()
	return fmt.Sprintf(`local reqs, i, seen, threads = {}, 0, {}, {}
whole, mixed, deployments, first = 0, 0, 0, ""
function setup(thread) table.insert(threads, thread) end
function init(args)
  for k, path in ipairs({%q, %q, %q}) do
    reqs[k] = wrk.format("GET", path, {["Host"] = %q})
  end
end
function request()
  i = i %% #reqs + 1
  return reqs[i]
end
function response(status, headers, body)
  if status ~= 200 then return end
  local a, b, c = string.match(body, "^(%%d+) (%%d+) (%%d+)$")
  if a and a == b and a == c and a == headers["First"] and a == headers["Second"] then
    whole = whole + 1
    if not seen[a] then
      seen[a], deployments = true, deployments + 1
    end
    return
  end
  mixed = mixed + 1
  if first == "" then
    first = string.format("First: %%s, Second: %%s, %%s", tostring(headers["First"]), tostring(headers["Second"]), body)
  end
end
function done(summary, latency, requests)
  for _, t in ipairs(threads) do
    io.write(string.format("stamps: %%d whole, %%d mixed, %%d deployments %%s\n", t:get("whole"), t:get("mixed"), t:get("deployments"), t:get("first")))
  end
end
`, "/"+restStage+paths[0], "/"+restStage+paths[1], "/"+restStage+paths[2], host)
}

// stampsLine is what stampedLua writes; its end is the first mix.
var stampsLine = regexp.MustCompile(`(?m)^stamps: (\d+) whole, (\d+) mixed, (\d+) deployments (.*)$`)

// parseStamps reads the line. No answer that was read, or always the same
// deployment, shows nothing and is an error.
func parseStamps(text string) (stamps, error) {
	m := stampsLine.FindStringSubmatch(text)
	if m == nil {
		return stamps{}, fmt.Errorf("wrk reported no stamps:\n%s", text)
	}
	var n [3]int
	for i := range n {
		v, err := strconv.Atoi(m[i+1])
		if err != nil {
			return stamps{}, fmt.Errorf("wrk reported the stamps %q", m[0])
		}
		n[i] = v
	}
	s := stamps{whole: n[0], mixed: n[1], deployments: n[2]}
	if s.mixed > 0 {
		progress("%d answers were a mix, the first: %s", s.mixed, m[4])
	}
	if s.deployments < 2 {
		return s, fmt.Errorf("the load saw %d deployments, which shows nothing about two", s.deployments)
	}
	return s, nil
}
