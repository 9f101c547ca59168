package integrate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/upstream"
)

var keys = sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}

// A fake is an AWS service that lets in only what the AWS SDK's signer would
// have signed in the same way, and keeps what it was asked.
type fake struct {
	*httptest.Server
	signed string // the service and the region in signatures
	region string
	status int
	header http.Header
	answer string

	got    string // method and target, headers of interest, body
	failed string
}

func startFake(t *testing.T, signed string) *fake {
	f := &fake{signed: signed, region: "us-east-1", status: 200, answer: "{}", header: http.Header{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.failed = ""
	if want := f.resign(r, body); r.Header.Get("Authorization") != want {
		f.failed = fmt.Sprintf("signed\n%s\nthe SDK signs\n%s", r.Header.Get("Authorization"), want)
	}
	f.got = r.Method + " " + r.URL.RequestURI() + "\n"
	for _, name := range []string{"Content-Type", "X-Amz-Target"} {
		if v := r.Header.Get(name); v != "" {
			f.got += v + "\n"
		}
	}
	f.got += string(body)
	for name, values := range f.header {
		w.Header()[name] = values
	}
	w.WriteHeader(f.status)
	io.WriteString(w, f.answer)
}

// resign is the Authorization that the AWS SDK gives the same request.
func (f *fake) resign(r *http.Request, body []byte) string {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > time.Minute {
		return "no signature: X-Amz-Date is " + r.Header.Get("X-Amz-Date")
	}
	again, _ := http.NewRequest(r.Method, f.URL+r.URL.RequestURI(), nil)
	again.ContentLength = int64(len(body))
	for _, name := range []string{"Content-Type", "X-Amz-Target", "X-Amz-Security-Token"} {
		if v := r.Header.Get(name); v != "" {
			again.Header.Set(name, v)
		}
	}
	sum := sha256.Sum256(body)
	c := aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey}
	if err := v4.NewSigner().SignHTTP(context.Background(), c, again, hex.EncodeToString(sum[:]), f.signed, f.region, at); err != nil {
		return err.Error()
	}
	return again.Header.Get("Authorization")
}

func service(subtype string, params map[string]string) *gate.Route {
	return &gate.Route{ID: "r1", Key: "POST /x/{id}", Integration: &gate.Integration{
		ID: "i1", Kind: gate.AWSService, Subtype: subtype, RequestParameters: params,
	}}
}

func services(t testing.TB, endpoint, region string) *Services {
	t.Helper()
	var all Services
	for _, name := range ServiceNames() {
		if err := all.Add(name, Service{Endpoint: endpoint, Region: region, Credentials: keys}); err != nil {
			t.Fatal(err)
		}
	}
	return &all
}

var shop = &gate.API{ID: "abc", Region: "us-east-1"}

func action(t testing.TB, r *gate.Route, s *Services) *Action {
	t.Helper()
	pools := upstream.New(upstream.Options{})
	t.Cleanup(pools.Close)
	a, err := AWSService(shop, r, s, pools)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const (
	queue      = "http://sqs.us-east-1.localhost/000000000000/orders"
	urlencoded = "application/x-www-form-urlencoded\n"
	common     = "&Version=2012-11-05&QueueUrl=http%3A%2F%2Fsqs.us-east-1.localhost%2F000000000000%2Forders"
)

// TestSubtypes is the table of what each operation sends (runtime 2.6): with
// what it must have, and with all that it may have.
func TestSubtypes(t *testing.T) {
	type params = map[string]string
	for _, tc := range []struct {
		desc, subtype, signed string
		params                params
		want                  string
	}{
		{"An event.", "EventBridge-PutEvents", "events",
			params{"Detail": "$request.body", "DetailType": "order", "Source": "shop.${request.path.id}"},
			"POST /\napplication/x-amz-json-1.1\nAWSEvents.PutEvents\n" +
				`{"Entries":[{"Detail":"{\"a\":\"b\",\"n\":[1]}","DetailType":"order","Source":"shop.7"}]}`},
		{"An event with all.", "EventBridge-PutEvents", "events",
			params{"Detail": "{}", "DetailType": "d", "Source": "s", "Time": "2024-01-02T03:04:05.5Z", "EventBusName": "bus",
				"Resources": "$request.header.r", "TraceHeader": "Root=1", "Region": "us-east-1"},
			"POST /\napplication/x-amz-json-1.1\nAWSEvents.PutEvents\n" +
				`{"Entries":[{"Detail":"{}","DetailType":"d","Source":"s","Time":1704164645.5,"EventBusName":"bus","Resources":["one","two"],"TraceHeader":"Root=1"}]}`},
		{"A time as a number.", "EventBridge-PutEvents", "events",
			params{"Detail": "{}", "DetailType": "d", "Source": "s", "Time": "1704164645"},
			"POST /\napplication/x-amz-json-1.1\nAWSEvents.PutEvents\n" + `{"Entries":[{"Detail":"{}","DetailType":"d","Source":"s","Time":1704164645}]}`},
		{"A message.", "SQS-SendMessage", "sqs", params{"QueueUrl": queue, "MessageBody": "$request.body.a"},
			"POST /000000000000/orders\n" + urlencoded + "Action=SendMessage" + common + "&MessageBody=b"},
		{"A message with all.", "SQS-SendMessage", "sqs",
			params{"QueueUrl": queue, "MessageBody": "a&b=ü +", "DelaySeconds": "7", "MessageDeduplicationId": "d", "MessageGroupId": "g",
				"MessageAttributes":       `{"z": {"DataType": "Binary", "BinaryValue": "YQ=="}, "a": {"DataType": "String", "StringValue": "${request.path.id}"}}`,
				"MessageSystemAttributes": `{"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}}`, "Region": "us-east-1"},
			"POST /000000000000/orders\n" + urlencoded + "Action=SendMessage" + common + "&MessageBody=a%26b%3D%C3%BC+%2B&DelaySeconds=7" +
				"&MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=7" +
				"&MessageAttribute.2.Name=z&MessageAttribute.2.Value.DataType=Binary&MessageAttribute.2.Value.BinaryValue=YQ%3D%3D" +
				"&MessageDeduplicationId=d&MessageGroupId=g" +
				"&MessageSystemAttribute.1.Name=AWSTraceHeader&MessageSystemAttribute.1.Value.DataType=String&MessageSystemAttribute.1.Value.StringValue=Root%3D1"},
		{"A look for messages.", "SQS-ReceiveMessage", "sqs", params{"QueueUrl": queue},
			"POST /000000000000/orders\n" + urlencoded + "Action=ReceiveMessage" + common},
		{"A look with all.", "SQS-ReceiveMessage", "sqs",
			params{"QueueUrl": queue, "AttributeNames": `["All", "SentTimestamp"]`, "MaxNumberOfMessages": "10", "MessageAttributeNames": "a, b",
				"ReceiveRequestAttemptId": "r", "VisibilityTimeout": "30", "WaitTimeSeconds": "20"},
			"POST /000000000000/orders\n" + urlencoded + "Action=ReceiveMessage" + common + "&AttributeName.1=All&AttributeName.2=SentTimestamp&MaxNumberOfMessages=10" +
				"&MessageAttributeName.1=a&MessageAttributeName.2=b&ReceiveRequestAttemptId=r&VisibilityTimeout=30&WaitTimeSeconds=20"},
		{"The end of a message.", "SQS-DeleteMessage", "sqs", params{"QueueUrl": queue, "ReceiptHandle": "$request.querystring.h"},
			"POST /000000000000/orders\n" + urlencoded + "Action=DeleteMessage" + common + "&ReceiptHandle=x%2Fy"},
		{"The end of all messages.", "SQS-PurgeQueue", "sqs", params{"QueueUrl": queue},
			"POST /000000000000/orders\n" + urlencoded + "Action=PurgeQueue" + common},
		{"A configuration.", "AppConfig-GetConfiguration", "appconfig",
			params{"Application": "my app", "Environment": "prod/1", "Configuration": "$request.path.id", "ClientId": "c d"},
			"GET /applications/my%20app/environments/prod%2F1/configurations/7?client_id=c%20d\n"},
		{"A newer one.", "AppConfig-GetConfiguration", "appconfig",
			params{"Application": "a", "Environment": "e", "Configuration": "c", "ClientId": "i", "ClientConfigurationVersion": "3"},
			"GET /applications/a/environments/e/configurations/c?client_configuration_version=3&client_id=i\n"},
		{"A record.", "Kinesis-PutRecord", "kinesis", params{"StreamName": "s", "Data": "$request.header.d", "PartitionKey": "$request.path.id"},
			"POST /\napplication/x-amz-json-1.1\nKinesis_20131202.PutRecord\n" + `{"StreamName":"s","Data":"aGk=","PartitionKey":"7"}`},
		{"A record with all.", "Kinesis-PutRecord", "kinesis",
			params{"StreamName": "s", "Data": "aGk=", "PartitionKey": "k", "SequenceNumberForOrdering": "12", "ExplicitHashKey": "34"},
			"POST /\napplication/x-amz-json-1.1\nKinesis_20131202.PutRecord\n" +
				`{"StreamName":"s","Data":"aGk=","PartitionKey":"k","SequenceNumberForOrdering":"12","ExplicitHashKey":"34"}`},
		{"An execution.", "StepFunctions-StartExecution", "states", params{"StateMachineArn": "arn:aws:states:x", "Input": "$request.body", "Name": "n"},
			"POST /\napplication/x-amz-json-1.0\nAWSStepFunctions.StartExecution\n" + `{"stateMachineArn":"arn:aws:states:x","name":"n","input":"{\"a\":\"b\",\"n\":[1]}"}`},
		{"An execution to wait for.", "StepFunctions-StartSyncExecution", "states",
			params{"StateMachineArn": "arn", "Name": "n", "Input": "{}", "TraceHeader": "Root=1"},
			"POST /\napplication/x-amz-json-1.0\nAWSStepFunctions.StartSyncExecution\n" + `{"stateMachineArn":"arn","name":"n","input":"{}","traceHeader":"Root=1"}`},
		{"The end of an execution.", "StepFunctions-StopExecution", "states", params{"ExecutionArn": "arn", "Cause": "c", "Error": "e"},
			"POST /\napplication/x-amz-json-1.0\nAWSStepFunctions.StopExecution\n" + `{"executionArn":"arn","cause":"c","error":"e"}`},
		{"What is not there is left out.", "StepFunctions-StopExecution", "states", params{"ExecutionArn": "arn", "Cause": "$request.header.none", "Error": ""},
			"POST /\napplication/x-amz-json-1.0\nAWSStepFunctions.StopExecution\n" + `{"executionArn":"arn"}`},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			f := startFake(t, tc.signed)
			a := action(t, service(tc.subtype, tc.params), services(t, f.URL, ""))
			x := called(t, flow.Bytes([]byte(`{"a":"b","n":[1]}`)))
			if err := a.Serve(x); err != nil {
				t.Fatal(err)
			}
			defer x.End()
			if f.failed != "" {
				t.Error(f.failed)
			}
			if diff := cmp.Diff(tc.want, f.got); diff != "" {
				t.Error(diff)
			}
			if b := x.In.Body.Bytes(); string(b) != `{"a":"b","n":[1]}` {
				t.Errorf("the client's body has become %q", b)
			}
			method, url := a.Target(x)
			if want := strings.SplitN(f.got, "\n", 2)[0]; strings.ReplaceAll(method+" "+strings.TrimPrefix(url, f.URL), "+", "%20") != want {
				t.Errorf("explained as %s %s, called as %s", method, url, want)
			}
		})
	}
}

// called is a request that all the tables' expressions find something in.
func called(t testing.TB, body flow.Body) *flow.Exchange {
	return request(t, "POST /x/{id}", "POST", "/x/7?h=x%2Fy", body, "d: aGk=", "r: one,two", "big: 1")
}

// TestServiceReply holds that the client gets what the service answers: status,
// fields and body.
func TestServiceReply(t *testing.T) {
	f := startFake(t, "sqs")
	f.status, f.answer = 403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
	f.header.Set("Content-Type", "text/xml")
	f.header.Set("Connection", "close, X-Own")
	f.header.Set("X-Own", "1")
	x := called(t, flow.Body{})
	if err := action(t, service("SQS-PurgeQueue", map[string]string{"QueueUrl": queue}), services(t, f.URL, "")).Serve(x); err != nil {
		t.Fatal(err)
	}
	defer x.End()
	if _, err := x.Out.Body.Buffer(1 << 20); err != nil {
		t.Fatal(err)
	}
	kind, _ := x.Out.Header.Get("Content-Type")
	_, own := x.Out.Header.Get("X-Own")
	if x.Out.Status != 403 || string(x.Out.Body.Bytes()) != f.answer || kind != "text/xml" || own {
		t.Errorf("got %d %s %q, own field %v", x.Out.Status, kind, x.Out.Body.Bytes(), own)
	}
	if b := x.Event.Backend; b.Status != 403 || b.Target != f.URL {
		t.Errorf("noted %+v", b)
	}
}

// TestRegions is the table of where a call goes, and for which region it is
// signed.
func TestRegions(t *testing.T) {
	for _, tc := range []struct{ desc, subtype, endpoint, region, param, want string }{
		{"The API's own.", "SQS-PurgeQueue", "https://sqs.{region}.amazonaws.com", "", "", "us-east-1 https://sqs.us-east-1.amazonaws.com:443 sqs.us-east-1.amazonaws.com"},
		{"That of the configuration.", "SQS-PurgeQueue", "https://sqs.{region}.amazonaws.com", "eu-west-1", "", "eu-west-1 https://sqs.eu-west-1.amazonaws.com:443 sqs.eu-west-1.amazonaws.com"},
		{"That of the integration.", "SQS-PurgeQueue", "https://sqs.{region}.amazonaws.com", "eu-west-1", "ap-south-1", "ap-south-1 https://sqs.ap-south-1.amazonaws.com:443 sqs.ap-south-1.amazonaws.com"},
		{"An endpoint for all regions.", "SQS-PurgeQueue", "http://localhost:4566", "", "ap-south-1", "ap-south-1 http://localhost:4566 localhost:4566"},
		{"Executions that are waited for have a host of their own on AWS.", "StepFunctions-StartSyncExecution", "https://states.{region}.amazonaws.com", "", "", "us-east-1 https://sync-states.us-east-1.amazonaws.com:443 sync-states.us-east-1.amazonaws.com"},
		{"And nowhere else.", "StepFunctions-StartSyncExecution", "http://states.local:80", "", "", "us-east-1 http://states.local:80 states.local"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			params := map[string]string{"QueueUrl": queue}
			if tc.subtype != "SQS-PurgeQueue" {
				params = map[string]string{"StateMachineArn": "arn"}
			}
			if tc.param != "" {
				params["Region"] = tc.param
			}
			a := action(t, service(tc.subtype, params), services(t, tc.endpoint, tc.region))
			if got := a.region + " " + a.target.String() + " " + a.host; got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// TestRefusedArguments is the table of what no integration may be made with.
// Each error names the parameter.
func TestRefusedArguments(t *testing.T) {
	type params = map[string]string
	for _, tc := range []struct {
		desc, subtype string
		params        params
		want          string
	}{
		{"An operation that is none.", "SQS-CreateQueue", nil, `"SQS-CreateQueue" is none of AppConfig-GetConfiguration`},
		{"A parameter that it has not.", "SQS-PurgeQueue", params{"QueueUrl": queue, "MessageBody": "x"}, "requestParameters.MessageBody: SQS-PurgeQueue has no such"},
		{"A header, as for other integrations.", "SQS-PurgeQueue", params{"QueueUrl": queue, "append:header.X": "x"}, "append:header.X"},
		{"An expression that is none.", "SQS-PurgeQueue", params{"QueueUrl": "$request.nothing"}, "requestParameters.QueueUrl: expression"},
		{"A queue that is none.", "SQS-PurgeQueue", params{"QueueUrl": "orders"}, "no URL of a queue"},
		{"A queue without a path.", "SQS-PurgeQueue", params{"QueueUrl": "https://sqs.us-east-1.amazonaws.com/"}, "not that of a queue"},
		{"A queue above its host.", "SQS-PurgeQueue", params{"QueueUrl": "https://sqs/../x"}, "not that of a queue"},
		{"A number that is none.", "SQS-ReceiveMessage", params{"QueueUrl": queue, "WaitTimeSeconds": "-1"}, "requestParameters.WaitTimeSeconds"},
		{"Attributes that are none.", "SQS-SendMessage", params{"QueueUrl": queue, "MessageBody": "x", "MessageAttributes": `{"a": "b"}`}, "requestParameters.MessageAttributes"},
		{"An attribute of two kinds.", "SQS-SendMessage", params{"QueueUrl": queue, "MessageBody": "x",
			"MessageAttributes": `{"a": {"DataType": "String", "StringValue": "", "BinaryValue": ""}}`}, "one of StringValue and BinaryValue"},
		{"A time that is none.", "EventBridge-PutEvents", params{"Detail": "{}", "DetailType": "d", "Source": "s", "Time": "noon"}, "requestParameters.Time"},
		{"A region that is none.", "SQS-PurgeQueue", params{"QueueUrl": queue, "Region": "evil.example.com/"}, "requestParameters.Region"},
		{"A region of the client's.", "SQS-PurgeQueue", params{"QueueUrl": queue, "Region": "$request.header.r"}, "requestParameters.Region"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			err := errors.Join(CheckArguments(tc.subtype, tc.params)...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			pools := upstream.New(upstream.Options{})
			defer pools.Close()
			if _, err := AWSService(shop, service(tc.subtype, tc.params), services(t, "http://b", ""), pools); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("it compiles, or says %v", err)
			}
		})
	}
}

// TestRequiredArguments holds for every operation which parameters it must have:
// the bold ones of the table in runtime 2.6.
func TestRequiredArguments(t *testing.T) {
	for name, want := range map[string]string{
		"EventBridge-PutEvents":            "Detail DetailType Source",
		"SQS-SendMessage":                  "QueueUrl MessageBody",
		"SQS-ReceiveMessage":               "QueueUrl",
		"SQS-DeleteMessage":                "QueueUrl ReceiptHandle",
		"SQS-PurgeQueue":                   "QueueUrl",
		"AppConfig-GetConfiguration":       "Application Environment Configuration ClientId",
		"Kinesis-PutRecord":                "StreamName Data PartitionKey",
		"StepFunctions-StartExecution":     "StateMachineArn",
		"StepFunctions-StartSyncExecution": "StateMachineArn",
		"StepFunctions-StopExecution":      "ExecutionArn",
	} {
		var got []string
		for _, err := range CheckArguments(name, nil) {
			rest, _ := strings.CutPrefix(err.Error(), "requestParameters.")
			field, _, _ := strings.Cut(rest, ":")
			got = append(got, field)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s needs %s, want %s", name, text, want)
		}
	}
	if n := len(subtypes()); n != 10 {
		t.Errorf("%d operations", n)
	}
}

// TestFailingArguments is the table of requests that an operation cannot be
// called for: the service hears of none.
func TestFailingArguments(t *testing.T) {
	type params = map[string]string
	for _, tc := range []struct {
		desc, subtype string
		params        params
		body          string
		want          gate.Kind
	}{
		{"Nothing of what is needed.", "SQS-SendMessage", params{"QueueUrl": queue, "MessageBody": "$request.body.none"}, "{}", gate.BadRequestParameters},
		{"A body that is empty.", "SQS-SendMessage", params{"QueueUrl": queue, "MessageBody": "$request.body"}, "", gate.BadRequestParameters},
		{"A number that is none.", "SQS-ReceiveMessage", params{"QueueUrl": queue, "WaitTimeSeconds": "$request.header.d"}, "", gate.BadRequestParameters},
		{"A queue on another host has a path of its own.", "SQS-PurgeQueue", params{"QueueUrl": "$request.body"}, "https://u:p@evil.example.com/1/2", gate.BadRequestParameters},
		{"A queue with a query.", "SQS-PurgeQueue", params{"QueueUrl": "$request.body"}, "https://h/1/2?Action=DeleteQueue", gate.BadRequestParameters},
		{"A queue with a line end.", "SQS-PurgeQueue", params{"QueueUrl": "$request.body"}, "https://h/1/2 HTTP/1.1\r\nX: y", gate.BadRequestParameters},
		{"A name that leaves its place in a path.", "AppConfig-GetConfiguration",
			params{"Application": "$request.body", "Environment": "e", "Configuration": "c", "ClientId": "i"}, "..", gate.BadRequestParameters},
		{"What is no text.", "Kinesis-PutRecord", params{"StreamName": "s", "Data": "$request.body", "PartitionKey": "k"}, "\xff", gate.BadRequestParameters},
		{"More than any service takes.", "Kinesis-PutRecord", params{"StreamName": "s", "Data": "$request.body", "PartitionKey": "k"},
			strings.Repeat("x", maxArguments+1), gate.RequestTooLarge},
		{"More than that together.", "EventBridge-PutEvents", params{"Detail": "$request.body", "DetailType": "$request.body", "Source": "s"},
			strings.Repeat("x", maxArguments/2+1), gate.RequestTooLarge},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			f := startFake(t, "any")
			x := called(t, flow.Bytes([]byte(tc.body)))
			err := action(t, service(tc.subtype, tc.params), services(t, f.URL, "")).Serve(x)
			var fault *gate.Fault
			if !errors.As(err, &fault) || fault.Kind != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
			if f.got != "" {
				t.Errorf("the service was asked %s", f.got)
			}
		})
	}
}

// TestServiceClientFails holds that a client whose body breaks off is at fault
// itself.
func TestServiceClientFails(t *testing.T) {
	f := startFake(t, "any")
	for _, text := range []string{"$request.body", "$request.body.a"} {
		x := called(t, flow.Streamed(cutOff{}, flow.Unknown))
		err := action(t, service("SQS-SendMessage", map[string]string{"QueueUrl": queue, "MessageBody": text}), services(t, f.URL, "")).Serve(x)
		var body *flow.BodyError
		if !errors.As(err, &body) || body.Err != io.ErrUnexpectedEOF {
			t.Errorf("%s: got %v", text, err)
		}
	}
	if f.got != "" {
		t.Errorf("the service was asked %s", f.got)
	}
}

// cutOff is a body that breaks off at once.
type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
func (cutOff) Close() error             { return nil }
func (cutOff) Trailer() *field.List     { return nil }

// TestUnconfigured holds that a service which the configuration lacks is told
// with the key to write.
func TestUnconfigured(t *testing.T) {
	pools := upstream.New(upstream.Options{})
	defer pools.Close()
	for _, s := range []*Services{nil, {}} {
		_, err := AWSService(shop, service("SQS-PurgeQueue", map[string]string{"QueueUrl": queue}), s, pools)
		if err == nil {
			t.Fatal("it compiles")
		}
		for _, want := range []string{"services: {sqs: {endpoint:", "secret_access_key_file", "gatehouse.yaml", "SQS-PurgeQueue"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is not in %q", want, err)
			}
		}
	}
}

// TestRefusedServices is the table of what no configuration may say of a
// service. What is secret is in no message.
func TestRefusedServices(t *testing.T) {
	good := Service{Endpoint: "http://b", Credentials: keys}
	for _, tc := range []struct {
		desc, name string
		edit       func(*Service)
		want       string
	}{
		{"A service that is none.", "s3", func(*Service) {}, `"s3" is none of`},
		{"Without an endpoint.", SQS, func(s *Service) { s.Endpoint = "" }, "endpoint"},
		{"An endpoint with a path.", SQS, func(s *Service) { s.Endpoint = "http://b/x" }, "endpoint"},
		{"A region that is none.", SQS, func(s *Service) { s.Region = "US East" }, "region"},
		{"Without a key id.", SQS, func(s *Service) { s.Credentials.AccessKeyID = "" }, "credentials are missing"},
		{"Without a secret.", SQS, func(s *Service) { s.Credentials.SecretAccessKey = "" }, "credentials are missing"},
		{"A key id with a line end.", SQS, func(s *Service) { s.Credentials.AccessKeyID = "a\r\nX: y" }, "cannot be sent"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := good
			tc.edit(&s)
			var all Services
			err := all.Add(tc.name, s)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), keys.SecretAccessKey) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	for _, text := range []string{fmt.Sprint(good), fmt.Sprintf("%+v", good), fmt.Sprintf("%#v", good), fmt.Sprintf("%v", &good)} {
		if strings.Contains(text, keys.SecretAccessKey) {
			t.Errorf("printed as %s", text)
		}
	}
}
