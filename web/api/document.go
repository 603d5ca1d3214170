package api

import (
	"bytes"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
)

// describe says what the OpenAPI document says of the whole.
func describe(o *huma.OpenAPI, d Deps) {
	o.Info.Description = "What customers signed for, for programs. Every answer of consumption rests on a written, signed mandate, " +
		"or, for a supplier, on its own accepted registration; " +
		"every delivery and every refusal is recorded. What is left of your quota stands in RateLimit and RateLimit-Policy; " +
		"beyond it there is 429 with Retry-After. Refusals are problems of RFC 9457; what is not there and what is another's are the same one. " +
		"Unknown fields and parameters are refused."
	o.Info.License = &huma.License{Name: "For mandataries of " + d.Operator, Identifier: "LicenseRef-mandataries"}
	o.Info.Contact = &huma.Contact{Name: d.Operator, URL: d.BaseURL}
	o.Servers = []*huma.Server{{URL: d.BaseURL, Description: "This portal"}}
	o.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"key": {Type: "http", Scheme: "bearer",
		Description: "A key that a manager of yours made on the portal, with the scope of the operation. " +
			"One that was bound to a client certificate opens nothing without it."}}
	o.Tags = []*huma.Tag{
		{Name: "mandates", Description: "Texts that customers sign, and where they stand. Scope: mandates."},
		{Name: "consumption", Description: "Deliveries. Scope: consumption."},
		{Name: "registrations", Description: "For suppliers of record: deliveries without a mandate. Scope: consumption."},
		{Name: "batches", Description: "Many deliveries at once. Scope: consumption."},
		{Name: "webhooks", Description: "Being told. Scope: mandates."},
	}
}

// document is the OpenAPI document as it is served, indented for people.
func (s *service) document() []byte {
	plain, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		panic("api: the document is of plain types: " + err.Error())
	}
	var b bytes.Buffer
	if err := json.Indent(&b, plain, "", " "); err != nil {
		panic("api: the document is JSON: " + err.Error())
	}
	return b.Bytes()
}
