package evidence

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/gabriel-vasile/mimetype"
)

// inspect tells what a file is, or why it is not taken.
func (s *Service) inspect(ctx context.Context, content []byte) (Type, error) {
	switch {
	case len(content) > MaxSize:
		return "", refused("size", MaxSize>>20)
	case len(content) == 0:
		return "", refused("empty")
	case isArchive(content):
		return "", refused("polyglot")
	}
	switch is := Type(mimetype.Detect(content).String()); is {
	case PDF:
		if why := inspectPDF(content); why != "" {
			return is, refused(why)
		}
		_, err := s.Sandbox.Read(ctx, content)
		return is, err
	case JPEG, PNG:
		return is, s.Sandbox.inspectPicture(ctx, is, content)
	}
	return "", refused("type")
}

// isArchive tells whether a ZIP reader, which looks from the end, would take
// the file for an archive: its last record, with a comment that reaches just
// to the end.
func isArchive(content []byte) bool {
	const record = 22
	for at := len(content) - record; at >= 0 && at >= len(content)-record-1<<16; at-- {
		if bytes.HasPrefix(content[at:], []byte("PK\x05\x06")) &&
			at+record+int(binary.LittleEndian.Uint16(content[at+record-2:])) == len(content) {
			return true
		}
	}
	return false
}

// speaksAnother tells whether the head of a file would be taken for a page or
// a script by who looks no further.
func speaksAnother(content []byte) bool {
	head := bytes.ToLower(content[:min(len(content), 1024)])
	for _, sign := range []string{"<html", "<script", "<!doctype", "<svg", "<?php"} {
		if bytes.Contains(head, []byte(sign)) {
			return true
		}
	}
	return false
}
