package gatehouse

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/gate"
	"gatehouse/internal/plan"
	"gatehouse/internal/route"
	"gatehouse/internal/wire"
)

// judge says in one sentence what happens to the request and why, and what to
// change if that is not what was meant: at most three fixes.
func (e *explanation) judge() {
	verdict, fixes := e.verdict()
	for _, n := range e.out.CORS {
		if n.Allowed != nil && !*n.Allowed {
			verdict += fmt.Sprintf(" A browser refuses it to %s: %s.", *n.Origin, *n.Why)
			fixes = append([]string{e.corsFix()}, fixes...)
			break
		}
	}
	e.out.Verdict, e.out.Fixes = &verdict, fixes[:min(len(fixes), 3)]
}

func (e *explanation) verdict() (string, []string) {
	x, out := e.x, e.out
	switch {
	case e.control:
		return fmt.Sprintf("No API is meant by %s%s: this is a control call, and 403 where it is not signed.", orNone(x.In.Host), x.Path), apiForms()
	case x.API == nil && e.customDomain():
		// No id is told: the domain may lead to another account's API.
		return fmt.Sprintf("%d because the domain %s maps %s to no stage.", *out.Status, x.In.Host, x.Path), []string{
			"aws apigatewayv2 get-api-mappings --domain-name DOMAIN lists what it maps.",
		}
	case x.API == nil:
		return fmt.Sprintf("%d because the host %s names no API.", *out.Status, orNone(x.In.Host)), apiForms()
	case x.Stage == nil && e.fault.Kind == gate.AccessDenied:
		return fmt.Sprintf("%d because %v.", *out.Status, e.fault.Err), []string{
			"Call the API by a custom domain, or turn its execute-api endpoint on again and deploy.",
		}
	case x.Stage == nil:
		return fmt.Sprintf("%d because API %s has no stage for the path %s.", *out.Status, x.API.ID, x.Path), []string{
			"The first segment of the path names the stage. " + e.stages(),
		}
	case e.fault != nil:
		return fmt.Sprintf("%d because %s.", *out.Status, masked(fmt.Sprint(e.fault.Err))), nil
	case e.preflight():
		return fmt.Sprintf("%d to a preflight, by the CORS configuration of API %s: no backend is asked.", x.Out.Status, x.API.ID), nil
	case x.Route == nil && x.Event.Fault != nil && !miss(x.Event.Fault.Kind):
		return e.refused(), nil
	case x.Route == nil:
		return e.unmatched()
	case out.Reply != nil:
		return e.replied(), e.problemFix()
	case out.Problem != nil:
		return fmt.Sprintf("500 because route %s cannot be served: %s.", x.Route.Key, *out.Problem), e.problemFix()
	case x.Event.Fault != nil:
		return e.refused(), nil
	case out.Integration == nil:
		return fmt.Sprintf("500 because route %s has no integration.", x.Route.Key), []string{
			"Set the route's target to integrations/{id} and deploy.",
		}
	}
	by := []string{*out.Integration.Kind, *out.Integration.Method, *out.Integration.URL}
	by = slices.DeleteFunc(by, func(s string) bool { return s == "" }) // a mock has only its kind
	return fmt.Sprintf("Route %s of stage %s answers, by %s.", x.Route.Key, x.Stage.Name, strings.Join(by, " ")), nil
}

// preflight tells whether the gateway has answered a browser that asks for leave.
func (e *explanation) preflight() bool {
	return e.x.API.Protocol == gate.HTTP && e.x.In.Method == http.MethodOptions && !e.reached && e.x.Out.Status != 0 && e.x.Event.Fault == nil
}

// refused is the verdict where a fault ended the exchange.
func (e *explanation) refused() string {
	return fmt.Sprintf("%d because %s.", e.x.Out.Status, masked(fmt.Sprint(e.x.Event.Fault.Err)))
}

func (e *explanation) corsFix() string {
	return fmt.Sprintf("aws apigatewayv2 update-api --api-id %s --cors-configuration ... changes what browsers may do, with the next deployment.", e.x.API.ID)
}

// customDomain tells whether the host is a domain and not an execute-api name.
func (e *explanation) customDomain() bool {
	_, ok := plan.DefaultHost(e.x.In.Host)
	return !ok && e.plan.HasHost(e.x.In.Host)
}

func apiForms() []string {
	return []string{
		"An API is reached as http://{api}.execute-api.{anything}/{stage}/{path}, and where path addresses are on as " + gate.PathAddress + "{api}/{stage}/{path}.",
		"aws apigatewayv2 get-apis lists the HTTP APIs, aws apigateway get-rest-apis the REST APIs.",
	}
}

func (e *explanation) problemFix() []string {
	if e.out.Problem == nil {
		return nil
	}
	return []string{"Change the route so that it can be served, and deploy. The log names every such route at each deployment."}
}

func (e *explanation) replied() string {
	v := fmt.Sprintf("%d from route %s of stage %s", *e.out.Reply.Status, e.x.Route.Key, e.x.Stage.Name)
	if f := e.x.Event.Fault; f != nil && f.Err != nil {
		return fmt.Sprintf("%s, made by the gateway: %s.", v, masked(f.Err.Error()))
	}
	if b := &e.x.Event.Backend; b.Called && b.Status != 0 {
		return fmt.Sprintf("%s, made by the backend in %s.", v, b.Latency.Round(10e3))
	}
	return v + "."
}

// unmatched is the verdict where no route of the stage answers.
func (e *explanation) unmatched() (string, []string) {
	x := e.x
	verdict := fmt.Sprintf("%d because no route of stage %s matches %s %s.", *e.out.Status, x.Stage.Name, x.In.Method, x.Path)
	var fixes []string
	if !e.deploys {
		verdict = fmt.Sprintf("%d because nothing has been deployed to stage %s.", *e.out.Status, x.Stage.Name)
		fixes = append(fixes, e.deployFix())
	} else if e.draft != "" {
		verdict += fmt.Sprintf(" %s exists in the draft, but the stage still serves deployment %s.", e.draft, x.Stage.Deployment)
		fixes = append(fixes, e.deployFix())
	}
	if e.unread != nil {
		verdict += fmt.Sprintf(" The draft could not be read, and may hold a route for it: %s.", masked(e.unread.Error()))
	}
	if c := e.out.Candidates; len(c) > 0 && *c[0].Why == route.MethodOther.String() {
		verdict += fmt.Sprintf(" %s has the path, but another method.", *c[0].Route)
		fixes = append(fixes, fmt.Sprintf("Send the method of that route, or add the route %s %s.", x.In.Method, pathOf(*c[0].Route)))
	}
	if e.likely != "" {
		fixes = append(fixes, fmt.Sprintf("Did you mean %s?", e.likely))
	}
	if other := e.onOtherStage(); other != "" {
		fixes = append(fixes, fmt.Sprintf("Stage %s has a route for it.", other))
	}
	if len(fixes) == 0 {
		fixes = append(fixes, e.addFix())
	}
	return verdict, fixes
}

// miss reports whether a fault of that kind says that no route matches: 404 on
// HTTP APIs, 403 on REST APIs, whose own words never tell which it is.
func miss(k gate.Kind) bool {
	return k == gate.ResourceNotFound || k == gate.MissingAuthenticationToken
}

func (e *explanation) addFix() string {
	if e.x.API.Protocol == gate.REST {
		return fmt.Sprintf("Add a resource with the path %s and the method %s to it, or a {proxy+} resource with the method ANY.", e.x.Path, e.x.In.Method)
	}
	return fmt.Sprintf("Add the route %s %s, or a $default route.", e.x.In.Method, e.x.Path)
}

func (e *explanation) deployFix() string {
	if e.x.API.Protocol == gate.REST {
		return fmt.Sprintf("aws apigateway create-deployment --rest-api-id %s --stage-name '%s'", e.x.API.ID, e.x.Stage.Name)
	}
	return fmt.Sprintf("aws apigatewayv2 create-deployment --api-id %s --stage-name '%s'", e.x.API.ID, e.x.Stage.Name)
}

// searchDraft looks for the request among the routes that are not deployed.
func (e *explanation) searchDraft() {
	if e.service.Draft == nil {
		return
	}
	keys, err := e.service.Draft(e.ctx, e.x.API.ID)
	var refusal *wire.Error
	switch {
	case errors.As(err, &refusal) && refusal.Status < http.StatusInternalServerError:
		return // the caller may not read it, or it was deleted: there is no more to tell
	case err != nil:
		e.unread = err
		return
	}
	e.draft = matching(keys, e.x.In.Method, e.x.Path)
}

// matching is the key that answers method and path, or "".
func matching(keys []string, method, path string) string {
	var tree route.Tree[string]
	fallback := ""
	for _, key := range keys {
		if key == gate.DefaultRoute {
			fallback = key
		}
		if m, p, ok := strings.Cut(key, " "); ok {
			_ = tree.Add(m, p, key) // what cannot be added could not be deployed either
		}
	}
	var p route.Params
	if key, ok := tree.Find(method, path, &p); ok {
		return key
	}
	return fallback
}

// onOtherStage names another stage of the API that has a route for the request.
func (e *explanation) onOtherStage() string {
	x := e.x
	for _, name := range e.sortedStages() {
		if name == x.Stage.Name {
			continue
		}
		found := false
		e.plan.Candidates(gate.StageRef{API: x.API.ID, Name: name}, x.In.Method, x.Path, func(_ string, why route.Why) {
			found = found || why == route.Matched
		})
		if found {
			return string(name)
		}
	}
	return ""
}

func (e *explanation) sortedStages() []gate.StageName {
	return slices.SortedFunc(slices.Values(e.plan.Stages(e.x.API.ID)), cmp.Compare)
}

func (e *explanation) stages() string {
	names := e.sortedStages()
	if len(names) == 0 {
		return "The API has none: create one."
	}
	const most = 20
	list := make([]string, 0, most)
	for _, n := range names[:min(len(names), most)] {
		list = append(list, string(n))
	}
	return "The API has: " + strings.Join(list, ", ") + "."
}

func pathOf(key string) string {
	_, path, _ := strings.Cut(key, " ")
	return path
}

func orNone(host string) string {
	if host == "" {
		return "(none)"
	}
	return host
}
