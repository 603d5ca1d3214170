package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"sync"
	"time"

	"guichet/portal"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

const (
	// mostPages is how many pages a document may have: a list of ten thousand
	// access points at fifty a page.
	mostPages = 250
	// sharpness is how a page is drawn, in pixels an inch; widest bounds its
	// longer side in pixels, whatever size the page says it has.
	sharpness, widest = 110, 1800
	// sandboxMemory bounds what a document may use, in WebAssembly pages of 64 KiB.
	sandboxMemory = 512 << 20 >> 16
)

// Sandbox reads and draws PDFs with PDFium, compiled to WebAssembly: it has
// memory of its own with a bound, no files, no network, no clock of ours, and
// is thrown away after each document. What a document breaks in there is an
// error here. One document at a time is read, so that uploads cannot eat the
// machine.
type Sandbox struct {
	// Patience is how long one document may take; zero is 30 seconds.
	Patience time.Duration
	// Interpreted leaves out compiling, which costs seconds once in a program,
	// and makes each document ten times as slow: for programs that end soon.
	Interpreted bool

	once   sync.Once
	turn   chan struct{}
	pool   pdfium.Pool
	broken error // why there is no pool
}

// Paper is what was read of a PDF.
type Paper struct {
	Pages      int
	Signatures []Signed
}

// Signed is a signature as a PDF has it.
type Signed struct {
	Range    []int  // pairs of offset and length that are signed
	Contents []byte // a CMS, behind it zeros
	Format   string // SubFilter
	Time     string // as the document says it: D:YYYYMMDDHHmmSS+HH'mm'
}

// Picture is a page made anew.
type Picture struct {
	Type          Type
	Content       []byte
	Width, Height int // pixels
}

// start makes what the sandbox runs ready, once in a program.
func (s *Sandbox) start() {
	s.once.Do(func() {
		s.turn = make(chan struct{}, 1)
		config := wazero.NewRuntimeConfig()
		if s.Interpreted {
			config = wazero.NewRuntimeConfigInterpreter()
		}
		s.pool, s.broken = webassembly.Init(webassembly.Config{MaxTotal: 1, FSConfig: wazero.NewFSConfig(), Stdout: io.Discard, Stderr: io.Discard,
			RuntimeConfig: config.WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
				WithMemoryLimitPages(sandboxMemory).WithCloseOnContextDone(true)})
	})
}

// Warm makes ready what a first document would wait for.
func (s *Sandbox) Warm() error {
	s.start()
	return s.broken
}

// Close frees what the sandbox holds; it reads nothing afterwards.
func (s *Sandbox) Close() error {
	s.once.Do(func() { s.broken = errClosed }) // one that never read makes nothing ready for this
	if s.broken != nil {
		return nil
	}
	return s.pool.Close()
}

var errClosed = errors.New("closed")

// alone waits until no other document is worked on.
func (s *Sandbox) alone(ctx context.Context, work func() error) error {
	s.start()
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
		return work()
	case <-ctx.Done():
		return portal.Shut("sandbox", ctx.Err())
	}
}

// inside opens a document in memory of its own, lets work read it and throws
// the memory away. It ends with the caller's context or the sandbox's patience.
func (s *Sandbox) inside(ctx context.Context, content []byte, work func(pdfium.Pdfium, references.FPDF_DOCUMENT) error) error {
	return s.alone(ctx, func() (err error) {
		if s.broken != nil {
			return portal.Shut("sandbox", s.broken)
		}
		instance, err := s.pool.GetInstanceWithContext(ctx)
		if err != nil {
			return portal.Shut("sandbox", err)
		}
		patience := s.Patience
		if patience == 0 {
			patience = 30 * time.Second
		}
		limited, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		killed := make(chan struct{})
		alive := context.AfterFunc(limited, func() {
			defer close(killed)
			_ = instance.Kill() // what it would say is said by the call that it ends
		})
		defer func() {
			if broken := recover(); broken != nil {
				err = fmt.Errorf("sandbox: %v", broken)
			}
			if alive() {
				_ = instance.Close() // the memory is thrown away, whatever it says
			} else {
				<-killed
			}
			err = blame(ctx, limited, err)
		}()
		doc, err := instance.OpenDocument(&requests.OpenDocument{File: &content})
		switch {
		case errors.Is(err, pdfiumerrors.ErrPassword), errors.Is(err, pdfiumerrors.ErrSecurity):
			return refused("encrypted")
		case err != nil:
			return err
		}
		return work(instance, doc.Document)
	})
}

// blame tells whose fault an error in the sandbox is: ours, that of whoever
// asked and left, or the document's, which took too long or broke something.
func blame(asked, limited context.Context, err error) error {
	var ours *portal.Error
	why := "damaged"
	switch {
	case err == nil || errors.As(err, &ours):
		return err
	case asked.Err() != nil:
		return portal.Shut("sandbox", err)
	case limited.Err() != nil:
		why = "heavy"
	}
	refusal := refused(why)
	refusal.Err = err
	return refusal
}

// Read reads a PDF; what cannot be one, or is more than that, is refused.
func (s *Sandbox) Read(ctx context.Context, content []byte) (paper Paper, err error) {
	err = s.inside(ctx, content, func(in pdfium.Pdfium, doc references.FPDF_DOCUMENT) error {
		pages, err := in.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc})
		if err != nil {
			return err
		}
		lock, err := in.FPDF_GetSecurityHandlerRevision(&requests.FPDF_GetSecurityHandlerRevision{Document: doc})
		if err != nil {
			return err
		}
		scripts, err := in.FPDFDoc_GetJavaScriptActionCount(&requests.FPDFDoc_GetJavaScriptActionCount{Document: doc})
		if err != nil {
			return err
		}
		files, err := in.FPDFDoc_GetAttachmentCount(&requests.FPDFDoc_GetAttachmentCount{Document: doc})
		if err != nil {
			return err
		}
		switch {
		case pages.PageCount < 1:
			return refused("damaged")
		case pages.PageCount > mostPages:
			return refused("pages", mostPages)
		case lock.SecurityHandlerRevision != -1:
			return refused("encrypted")
		case scripts.JavaScriptActionCount != 0:
			return refused("script")
		case files.AttachmentCount != 0:
			return refused("embedded")
		}
		paper.Pages = pages.PageCount
		paper.Signatures, err = signatures(in, doc)
		return err
	})
	return paper, err
}

// mostSignatures is how many signatures of a document are looked at.
const mostSignatures = 20

func signatures(in pdfium.Pdfium, doc references.FPDF_DOCUMENT) (all []Signed, err error) {
	count, err := in.FPDF_GetSignatureCount(&requests.FPDF_GetSignatureCount{Document: doc})
	if err != nil {
		return nil, err
	}
	if count.Count > mostSignatures {
		return nil, refused("damaged")
	}
	for i := range count.Count {
		object, err := in.FPDF_GetSignatureObject(&requests.FPDF_GetSignatureObject{Document: doc, Index: i})
		if err != nil {
			return nil, err
		}
		var one Signed
		ranges, err := in.FPDFSignatureObj_GetByteRange(&requests.FPDFSignatureObj_GetByteRange{Signature: object.Signature})
		if err != nil {
			return nil, err
		}
		contents, err := in.FPDFSignatureObj_GetContents(&requests.FPDFSignatureObj_GetContents{Signature: object.Signature})
		if err != nil {
			return nil, err
		}
		one.Range, one.Contents = ranges.ByteRange, contents.Contents
		format, err := in.FPDFSignatureObj_GetSubFilter(&requests.FPDFSignatureObj_GetSubFilter{Signature: object.Signature})
		if err != nil {
			return nil, err
		}
		if format.SubFilter != nil {
			one.Format = *format.SubFilter
		}
		said, err := in.FPDFSignatureObj_GetTime(&requests.FPDFSignatureObj_GetTime{Signature: object.Signature})
		if err != nil {
			return nil, err
		}
		if said.Time != nil {
			one.Time = *said.Time
		}
		all = append(all, one)
	}
	return all, nil
}

// Draw draws a page, counted from 1; NotFound where there is none.
func (s *Sandbox) Draw(ctx context.Context, content []byte, number int) (p Picture, err error) {
	err = s.inside(ctx, content, func(in pdfium.Pdfium, doc references.FPDF_DOCUMENT) error {
		pages, err := in.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc})
		if err != nil {
			return err
		}
		if number < 1 || number > min(pages.PageCount, mostPages) {
			return absent
		}
		size, err := in.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: doc, Index: number - 1})
		if err != nil {
			return err
		}
		scale := min(sharpness/72.0, widest/max(size.Width, size.Height, 1))
		drawn, err := in.RenderPageInPixels(&requests.RenderPageInPixels{
			Page:  requests.Page{ByIndex: &requests.PageByIndex{Document: doc, Index: number - 1}},
			Width: max(1, int(size.Width*scale)), Height: max(1, int(size.Height*scale)),
			Document: &doc, RenderForm: true,
		})
		if err != nil {
			return err
		}
		defer drawn.Cleanup()
		p, err = encodePNG(drawn.Result.RenderedImage)
		return err
	})
	return p, err
}

func encodePNG(img image.Image) (Picture, error) {
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img)
	return Picture{Type: PNG, Content: b.Bytes(), Width: img.Bounds().Dx(), Height: img.Bounds().Dy()}, err
}
