package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"guichet/portal"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/gin-gonic/gin"
)

// Problem says no, as RFC 9457 has it. It names no id and no value that was
// sent, so that two refusals for one reason are the same bytes.
type Problem struct {
	Type   string  `json:"type" format:"uri-reference" example:"urn:guichet:problem:not_found" doc:"Which of the closed set of problems it is: urn:guichet:problem: and its name."`
	Title  string  `json:"title" example:"Not Found" doc:"The status in words."`
	Status int     `json:"status" example:"404" doc:"The HTTP status."`
	Detail string  `json:"detail,omitempty" doc:"What to do, for people, in the language of Accept-Language (fr, de, nl, en)."`
	Errors []Fault `json:"errors,omitempty" maxItems:"1000" doc:"What is wrong with the input, by field."`

	headers map[string]string
}

// Fault is what is wrong with one field.
type Fault struct {
	Field  string `json:"field" example:"valid_to" doc:"The field, a path into the body, or the parameter's name."`
	Detail string `json:"detail" doc:"What to do about it."`
}

// Error implements error.
func (p *Problem) Error() string { return p.Type }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	for name, value := range p.headers {
		h.Set(name, value)
	}
	return h
}

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemType }

const (
	problemType = "application/problem+json"
	problemURN  = "urn:guichet:problem:"
)

// statuses is the one table code -> status; a test walks all codes.
var statuses = map[portal.Code]int{
	portal.Invalid:     http.StatusUnprocessableEntity,
	portal.NotFound:    http.StatusNotFound,
	portal.Denied:      http.StatusForbidden,
	portal.SignedOut:   http.StatusUnauthorized,
	portal.Conflict:    http.StatusConflict,
	portal.TooMany:     http.StatusTooManyRequests,
	portal.Unavailable: http.StatusServiceUnavailable,
	portal.Internal:    http.StatusInternalServerError,
}

// problem turns an error of ours into its answer; the cause goes to the log.
func (s *service) problem(ctx context.Context, err error) *Problem {
	r, code := of(ctx), portal.CodeOf(err)
	status := statuses[code]
	p := &Problem{Type: problemURN + string(code), Title: http.StatusText(status), Status: status, headers: map[string]string{}}
	if status >= http.StatusInternalServerError {
		s.Log.ErrorContext(ctx, "request failed", "error", err.Error())
		p.Detail = r.words.T("api.problem." + string(code))
	} else {
		p.Detail = r.say(err, code)
	}
	var faults portal.Problems
	if errors.As(err, &faults) {
		for _, f := range faults {
			p.Errors = append(p.Errors, Fault{Field: f.Field, Detail: r.say(f, code)})
		}
		p.Detail = r.words.T("api.problem." + string(code))
	}
	switch code {
	case portal.SignedOut:
		p.headers["WWW-Authenticate"] = "Bearer"
	case portal.TooMany, portal.Unavailable:
		p.headers["Retry-After"] = "60"
		if r.wait > 0 {
			p.headers["Retry-After"] = strconv.FormatInt(r.wait, 10)
		}
	}
	return p
}

// say tells an error in the request's language.
func (r *request) say(err error, code portal.Code) string {
	var e *portal.Error
	if errors.As(err, &e) {
		for _, key := range []string{"api.error." + e.Key, "error." + e.Key} {
			if r.words.Has(key) {
				return r.words.T(key, e.Args...)
			}
		}
	}
	return r.words.T("api.problem." + string(code))
}

// bare is the problem of a refusal that is HTTP's own.
func bare(r *request, status int) *Problem {
	for code, known := range statuses {
		if known == status {
			return &Problem{Type: problemURN + string(code), Title: http.StatusText(status), Status: status, Detail: r.words.T("api.problem." + string(code))}
		}
	}
	return &Problem{Type: problemURN + "http-" + strconv.Itoa(status), Title: http.StatusText(status), Status: status,
		Detail: r.words.T("api.problem.http")}
}

// unknownParameter is the library's word for a parameter that the document has not.
const unknownParameter = "unknown query parameter"

// humaProblem makes the problems of the library: input that does not fit the
// document. Its words are those of the schema, in English; values are left out.
func humaProblem(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
	for _, err := range errs {
		var p *Problem
		if errors.As(err, &p) {
			return p
		}
	}
	r := of(context.Background())
	if ctx != nil {
		r = of(ctx.Context())
	}
	p := bare(r, status)
	var foreign []string
	for _, err := range errs {
		var d huma.ErrorDetailer
		if errors.As(err, &d) && d.ErrorDetail() != nil {
			at, what := d.ErrorDetail().Location, d.ErrorDetail().Message
			p.Errors = append(p.Errors, Fault{Field: at, Detail: what})
			if what == validation.MsgUnexpectedProperty || what == unknownParameter {
				foreign = append(foreign, at[strings.LastIndexByte(at, '.')+1:])
			}
		}
	}
	if len(foreign) > 0 && r.foreign != nil {
		if err := r.foreign(foreign); err != nil {
			p = bare(r, http.StatusServiceUnavailable)
		}
	}
	return p
}

// write answers outside of the library.
func write(c *gin.Context, p *Problem) {
	for name, value := range p.headers {
		c.Header(name, value)
	}
	text, err := json.Marshal(p)
	if err != nil {
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	c.Abort()
	c.Data(p.Status, problemType, append(text, '\n'))
}
