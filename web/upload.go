package web

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"

	"guichet/portal"
	"guichet/portal/evidence"
)

// upload is a file that came with a form; no data where none was chosen.
type upload struct {
	name  string // as the browser calls it: shown to nobody, kept for the file's record
	data  []byte
	large bool // it was larger than may be, and nothing of it is kept
}

// overrun is how much of a document that is too large is read and let go, so
// that whoever sends a telephone's picture reads what is wrong on the page where
// it was chosen, and not that all begins anew. What is longer yet is cut off.
const overrun = 64 << 20

// uploadTime is how long a file may take to come in: ten megabytes over a slow line.
const uploadTime = 2 * time.Minute

// decodeUpload reads a form that may carry one file. Each field stands once, as
// in every form (T4); fields and file together are at most so many bytes, and
// are read once the policy let the sender in.
func (x *ctx) decodeUpload(most int64) error {
	r := x.gin.Request
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return unspoken(http.StatusUnsupportedMediaType)
	}
	late, err := x.slowly()
	if err != nil {
		return err
	}
	defer late.Stop()
	limit := most
	if most == documentSize {
		limit += overrun
	}
	r.Body = http.MaxBytesReader(x.gin.Writer, r.Body, limit)
	parts, err := r.MultipartReader()
	if err != nil {
		return &portal.Error{Code: portal.Invalid, Key: "form", Err: err}
	}
	form := url.Values{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return x.take(form)
		}
		if err == nil {
			most, err = x.takePart(part, form, most)
		}
		if err != nil {
			return notRead(err)
		}
	}
}

// slowly gives the connection uploadTime in the place of the server's seconds,
// counted by the machine: a request's own clock may be set by a test.
func (x *ctx) slowly() (*time.Timer, error) {
	connection := http.NewResponseController(x.gin.Writer)
	if err := connection.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return time.AfterFunc(uploadTime, func() { _ = connection.SetReadDeadline(time.Unix(1, 0)) }), nil
}

// takePart takes one field or the file, of at most so many bytes, and gives how
// many are left for the others.
func (x *ctx) takePart(part *multipart.Part, form url.Values, most int64) (int64, error) {
	data, err := io.ReadAll(io.LimitReader(part, most+1))
	if err != nil {
		return 0, err
	}
	left := most - int64(len(data))
	if part.FileName() == "" && part.Header.Get("Content-Type") == "" {
		if left < 0 {
			return 0, &http.MaxBytesError{Limit: most}
		}
		form.Add(part.FormName(), string(data))
		return left, nil
	}
	if x.file.data != nil || x.file.large {
		return 0, &portal.Error{Code: portal.Invalid, Key: "form"}
	}
	switch {
	case len(data) == 0:
		x.file.name = part.FileName()
	case left >= 0:
		x.file = upload{name: part.FileName(), data: data}
	default:
		x.file = upload{name: part.FileName(), large: true}
		_, err = io.Copy(io.Discard, part)
		return formSize, err
	}
	return left, nil
}

// noFile tells why no document came: none was chosen, it is empty or too large.
// It is nil where there is one to look into.
func (x *ctx) noFile(field string) *portal.Error {
	switch {
	case x.file.large:
		return &portal.Error{Code: portal.Invalid, Key: "evidence.size", Field: field, Args: []any{evidence.MaxSize >> 20}}
	case len(x.file.data) > 0:
		return nil
	case x.file.name != "":
		return &portal.Error{Code: portal.Invalid, Key: "evidence.empty", Field: field}
	}
	return &portal.Error{Code: portal.Invalid, Key: "works.file", Field: field}
}

func notRead(err error) error {
	var large *http.MaxBytesError
	var ours *portal.Error
	switch {
	case errors.As(err, &large):
		return unspoken(http.StatusRequestEntityTooLarge)
	case errors.As(err, &ours):
		return err
	}
	return &portal.Error{Code: portal.Invalid, Key: "form", Err: err}
}
