package integrate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/internal/expr"
	"gatehouse/internal/gate"
)

// The AWS services that HTTP APIs call themselves, by the name that the
// configuration gives them.
const (
	EventBridge   = "eventbridge"
	SQS           = "sqs"
	AppConfig     = "appconfig"
	Kinesis       = "kinesis"
	StepFunctions = "stepfunctions"
)

// A protocol is how a service takes a request.
type protocol uint8

const (
	json10    protocol = iota // a JSON document, application/x-amz-json-1.0
	json11                    // the same, 1.1
	query                     // a form with Action and Version
	appConfig                 // the path and the query of GetConfiguration
)

// A form is what the text of an argument becomes on its way to a service.
type form uint8

const (
	plain      form = iota // text
	whole                  // a whole number
	instant                // a time: seconds since 1970, or RFC 3339
	list                   // a JSON array of texts, or texts between commas
	attributes             // a JSON object of SQS message attributes
	queueURL               // the URL of a queue, whose path the request goes to
)

// A subtype is an operation of a service that an integration can be.
type subtype struct {
	name     string // "SQS-SendMessage"
	service  string // the key of the configuration
	signed   string // the name in signatures
	protocol protocol
	action   string // X-Amz-Target, or Action of the query protocol
	params   []param
}

// A param is one argument of a subtype, but for Region, which all have.
type param struct {
	name     string
	wire     string // what the service calls it
	required bool
	form     form
}

// regionParam is the argument that names the region to call: none of the
// service's own.
const regionParam = "Region"

// subtypes are the operations and their arguments (developer guide,
// "Integration subtype reference"). The order of arguments is that of the wire.
func subtypes() []subtype {
	sqs := func(action string, params ...param) subtype {
		url := param{"QueueUrl", "QueueUrl", true, queueURL}
		return subtype{"SQS-" + action, SQS, "sqs", query, action, append([]param{url}, params...)}
	}
	states := func(action string, params ...param) subtype {
		return subtype{"StepFunctions-" + action, StepFunctions, "states", json10, "AWSStepFunctions." + action, params}
	}
	return []subtype{
		{"EventBridge-PutEvents", EventBridge, "events", json11, "AWSEvents.PutEvents", []param{
			{"Detail", "Detail", true, plain}, {"DetailType", "DetailType", true, plain}, {"Source", "Source", true, plain},
			{"Time", "Time", false, instant}, {"EventBusName", "EventBusName", false, plain},
			{"Resources", "Resources", false, list}, {"TraceHeader", "TraceHeader", false, plain},
		}},
		sqs("SendMessage", param{"MessageBody", "MessageBody", true, plain}, param{"DelaySeconds", "DelaySeconds", false, whole},
			param{"MessageAttributes", "MessageAttribute", false, attributes},
			param{"MessageDeduplicationId", "MessageDeduplicationId", false, plain}, param{"MessageGroupId", "MessageGroupId", false, plain},
			param{"MessageSystemAttributes", "MessageSystemAttribute", false, attributes}),
		sqs("ReceiveMessage", param{"AttributeNames", "AttributeName", false, list}, param{"MaxNumberOfMessages", "MaxNumberOfMessages", false, whole},
			param{"MessageAttributeNames", "MessageAttributeName", false, list}, param{"ReceiveRequestAttemptId", "ReceiveRequestAttemptId", false, plain},
			param{"VisibilityTimeout", "VisibilityTimeout", false, whole}, param{"WaitTimeSeconds", "WaitTimeSeconds", false, whole}),
		sqs("DeleteMessage", param{"ReceiptHandle", "ReceiptHandle", true, plain}),
		sqs("PurgeQueue"),
		{"AppConfig-GetConfiguration", AppConfig, "appconfig", appConfig, "GetConfiguration", []param{
			{"Application", "applications", true, plain}, {"Environment", "environments", true, plain}, {"Configuration", "configurations", true, plain},
			{"ClientId", "client_id", true, plain}, {"ClientConfigurationVersion", "client_configuration_version", false, plain},
		}},
		{"Kinesis-PutRecord", Kinesis, "kinesis", json11, "Kinesis_20131202.PutRecord", []param{
			{"StreamName", "StreamName", true, plain},
			{"Data", "Data", true, plain}, // base64 already: arguments go to the service as they are
			{"PartitionKey", "PartitionKey", true, plain},
			{"SequenceNumberForOrdering", "SequenceNumberForOrdering", false, plain}, {"ExplicitHashKey", "ExplicitHashKey", false, plain},
		}},
		states("StartExecution", param{"StateMachineArn", "stateMachineArn", true, plain}, param{"Name", "name", false, plain},
			param{"Input", "input", false, plain}),
		states(startSync, param{"StateMachineArn", "stateMachineArn", true, plain}, param{"Name", "name", false, plain},
			param{"Input", "input", false, plain}, param{"TraceHeader", "traceHeader", false, plain}),
		states("StopExecution", param{"ExecutionArn", "executionArn", true, plain}, param{"Cause", "cause", false, plain}, param{"Error", "error", false, plain}),
	}
}

// startSync has a host of its own on AWS.
const startSync = "StartSyncExecution"

// Subtypes are the names that an integrationSubtype can have, sorted.
func Subtypes() []string {
	var names []string
	for _, s := range subtypes() {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return names
}

func subtypeNamed(name string) (subtype, error) {
	for _, s := range subtypes() {
		if s.name == name {
			return s, nil
		}
	}
	return subtype{}, fmt.Errorf("integrationSubtype %q is none of %s", name, strings.Join(Subtypes(), ", "))
}

// An argument is a param with what it is made of.
type argument struct {
	param
	value *expr.Expr
}

// CheckArguments returns what is wrong with the arguments of a service
// integration, nil if nothing is. Each error names the parameter.
func CheckArguments(subtype string, params map[string]string) []error {
	s, err := subtypeNamed(subtype)
	if err != nil {
		return []error{err}
	}
	_, _, errs := s.arguments(params)
	return errs
}

// arguments compiles requestParameters, and the region that they name, "" if
// none.
func (s *subtype) arguments(params map[string]string) (args []argument, region string, errs []error) {
	refuse := func(name, format string, values ...any) {
		errs = append(errs, fmt.Errorf("requestParameters.%s: %w", name, fmt.Errorf(format, values...)))
	}
	left := maps.Clone(params)
	for _, p := range s.params {
		text, given := params[p.name]
		delete(left, p.name)
		if !given || text == "" {
			if p.required {
				refuse(p.name, "%s needs it", s.name)
			}
			continue
		}
		e, err := expr.Compile(text, expr.Request)
		if err != nil {
			refuse(p.name, "%w", err)
			continue
		}
		if v, ok := e.Literal(); ok {
			if err := p.form.check(v); err != nil {
				refuse(p.name, "%w", err)
			}
		}
		args = append(args, argument{p, e})
	}
	region = left[regionParam]
	delete(left, regionParam)
	if region != "" && !regionName(region) {
		refuse(regionParam, "%q is no region; it is plain text, such as us-east-1", region)
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		refuse(name, "%s has no such parameter", s.name)
	}
	return args, region, errs
}

// regionName reports whether a text can be a region: it becomes part of a host.
func regionName(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return s != "" && len(s) <= 32 && s[0] != '-' && s[len(s)-1] != '-'
}

// subtypeOf is the subtype of a service integration with its arguments.
func subtypeOf(in *gate.Integration) (s subtype, args []argument, region string, err error) {
	if s, err = subtypeNamed(in.Subtype); err != nil {
		return s, nil, "", err
	}
	args, region, errs := s.arguments(in.RequestParameters)
	return s, args, region, errors.Join(errs...)
}
