package clients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	v1 "github.com/aws/aws-sdk-go-v2/service/apigateway"
	v2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// A sdk is the AWS SDK for Go, called by the names of its operations so that it
// takes the same walks as everybody. JSON carries its inputs over, whatever the
// case of their members.
type sdk struct{ clients map[string]any }

func startGo(t *testing.T, g *gateway) client {
	t.Helper()
	const region = "us-east-1"
	endpoint, keys := aws.String(g.Endpoint), credentials.NewStaticCredentialsProvider("test", "test", "")
	return &sdk{map[string]any{
		"apigateway":   v1.New(v1.Options{Region: region, BaseEndpoint: endpoint, Credentials: keys}),
		"apigatewayv2": v2.New(v2.Options{Region: region, BaseEndpoint: endpoint, Credentials: keys}),
	}}
}

func (s *sdk) call(service, op string, in map[string]any) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	method := reflect.ValueOf(s.clients[service]).MethodByName(op)
	if !method.IsValid() {
		return nil, fmt.Errorf("the SDK has no operation %s", op)
	}
	input := reflect.New(method.Type().In(1).Elem())
	text, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(input.Interface()); err != nil {
		return nil, fmt.Errorf("%s has no such member: %v", op, err)
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), input})
	if err, ok := results[1].Interface().(error); ok {
		return nil, refusalOf(err)
	}
	spell := func(name string) string { return name }
	if service == "apigateway" { // Go's members have a capital where AWS's have none
		spell = func(name string) string { return strings.ToLower(name[:1]) + name[1:] }
	}
	out := value(results[0], spell).(m)
	delete(out, spell("ResultMetadata"))
	return out, nil
}

// value is a part of an output as JSON would carry it, with its members in the
// spelling of the service. The keys of maps are what they are; bytes are text.
func value(v reflect.Value, spell func(string) string) any {
	if at, ok := v.Interface().(time.Time); ok {
		return at.Format(time.RFC3339Nano)
	}
	switch v.Kind() {
	case reflect.Struct:
		out := m{}
		for name, f := range v.Fields() {
			if name.IsExported() {
				out[spell(name.Name)] = value(f, spell)
			}
		}
		return out
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return value(v.Elem(), spell)
		}
	case reflect.Map:
		if !v.IsNil() {
			out := m{}
			for key, e := range v.Seq2() {
				out[key.String()] = value(e, spell)
			}
			return out
		}
	case reflect.Slice:
		if text, ok := v.Interface().([]byte); ok {
			return string(text)
		}
		if !v.IsNil() {
			out := []any{}
			for _, e := range v.Seq2() {
				out = append(out, value(e, spell))
			}
			return out
		}
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Float64:
		return v.Float()
	default:
		return float64(v.Int())
	}
	return nil
}

// refusalOf finds the service's answer in an error of the SDK.
func refusalOf(err error) error {
	var a smithy.APIError
	var r *smithyhttp.ResponseError
	if !errors.As(err, &a) || !errors.As(err, &r) {
		return err
	}
	return &refusal{Code: a.ErrorCode(), Message: a.ErrorMessage(), Status: r.HTTPStatusCode()}
}
