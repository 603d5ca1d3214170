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
)

// upload is a file that came with a form; no data where none was chosen.
type upload struct {
	name string // as the browser calls it: shown to nobody, kept for the file's record
	data []byte
}

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
	r.Body = http.MaxBytesReader(x.gin.Writer, r.Body, most)
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
			err = x.takePart(part, form)
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

func (x *ctx) takePart(part *multipart.Part, form url.Values) error {
	data, err := io.ReadAll(part)
	if err != nil {
		return err
	}
	if part.FileName() == "" && part.Header.Get("Content-Type") == "" {
		form.Add(part.FormName(), string(data))
		return nil
	}
	if len(data) == 0 {
		return nil
	}
	if x.file.data != nil {
		return &portal.Error{Code: portal.Invalid, Key: "form"}
	}
	x.file = upload{name: part.FileName(), data: data}
	return nil
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
