package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// The import that is measured, and its bound.
const (
	operations = 2000
	imports    = 11
	maxImport  = 2 * time.Second
)

// An imported is one document on its way in, in milliseconds.
type imported struct {
	call     float64 // ImportApi
	answer   float64 // from the making of a stage that deploys itself to the first answer of the last route
	reimport float64 // ReimportApi, which deploys that stage again
}

// runImport gives the same large document to a gateway that keeps it on disk,
// several times, and each time until it is traffic.
func runImport(ctx context.Context, w *world) (*section, error) {
	if err := w.startBackend(ctx); err != nil {
		return nil, err
	}
	h, err := w.startGatehouse(ctx)
	if err != nil {
		return nil, err
	}
	text, err := w.document(operations)
	if err != nil {
		return nil, err
	}
	var all []imported
	for range imports {
		one, err := w.importOnce(ctx, h, text)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return importSection(ctx, len(text), all), nil
}

func (w *world) importOnce(ctx context.Context, h *house, text string) (one imported, err error) {
	began := time.Now()
	a, err := h.control.ImportApi(ctx, &api.ImportApiInput{Body: &text})
	if err != nil {
		return one, err
	}
	one.call = ms(time.Since(began))
	began = time.Now()
	_, err = h.control.CreateStage(ctx, &api.CreateStageInput{ApiId: a.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)})
	if err != nil {
		return one, err
	}
	c := &contestant{url: "http://" + w.addr("Data"), host: executeHost(*a.ApiId)}
	if err := expect(ctx, c, fmt.Sprintf("/r%04d/x", operations-1), 200, began); err != nil {
		return one, err
	}
	one.answer = ms(time.Since(began))
	began = time.Now()
	if _, err := h.control.ReimportApi(ctx, &api.ReimportApiInput{ApiId: a.ApiId, Body: &text}); err != nil {
		return one, err
	}
	one.reimport = ms(time.Since(began))
	return one, nil
}

func importSection(ctx context.Context, size int, all []imported) *section {
	s := &section{name: "import"}
	s.printf("An OpenAPI document of %d operations with an integration each (%d KiB), imported %d times into the on-disk store, the gateway on one core.\n\n",
		operations, size>>10, len(all))
	s.printf("| what | median | slowest | bound | holds |\n|---|--:|--:|---|---|\n")
	row := func(f func(imported) float64) (found string, worst float64) {
		sample := column(all, f)
		worst = slices.Max(sample)
		return fmt.Sprintf("%.0f ms | %.0f ms", quantile(sample, 0.5), worst), worst
	}
	found, worst := row(func(i imported) float64 { return i.call })
	s.judge(worst < ms(maxImport), "ImportApi", found, fmt.Sprintf("slowest under %v", maxImport))
	found, _ = row(func(i imported) float64 { return i.answer })
	s.printf("| CreateStage with autoDeploy until the first answer of the last route | %s | none | |\n", found)
	found, _ = row(func(i imported) float64 { return i.reimport })
	s.printf("| ReimportApi of the same document, with the stage deployed again | %s | none | |\n", found)
	s.printf("\n")
	s.foot(ctx, "go run ./test/bench import")
	return s
}
