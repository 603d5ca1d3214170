package evidence

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/jpeg"
	_ "image/png" // decoded as well

	"golang.org/x/image/draw"
)

// mostPixels bounds a picture before it is decoded: an A4 page at 600 dots an
// inch has 35 million.
const mostPixels = 40_000_000

// inspectPicture tells why a picture is not taken: it must end where its own
// format says, be no bomb, and decode whole.
func (s *Sandbox) inspectPicture(ctx context.Context, is Type, content []byte) error {
	end := pngEnd
	if is == JPEG {
		end = jpegEnd
	}
	switch at := end(content); {
	case at < 0:
		return refused("damaged")
	case at != len(content), speaksAnother(content), bytes.Contains(content[:min(len(content), 1024)], []byte("%PDF-")):
		return refused("polyglot")
	}
	return s.alone(ctx, func() error {
		_, err := decode(content)
		return err
	})
}

func decode(content []byte) (image.Image, error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil || format != "jpeg" && format != "png" {
		return nil, refused("damaged")
	}
	if config.Width < 1 || config.Height < 1 || config.Width > mostPixels/config.Height {
		return nil, refused("pixels", mostPixels/1_000_000)
	}
	img, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, refused("damaged")
	}
	return img, nil
}

// redraw makes a picture anew, at most widest pixels long.
func (s *Sandbox) redraw(ctx context.Context, content []byte) (p Picture, err error) {
	err = s.alone(ctx, func() error {
		img, err := decode(content)
		if err != nil {
			return err
		}
		if size := img.Bounds().Size(); max(size.X, size.Y) > widest {
			long := max(size.X, size.Y)
			smaller := image.NewRGBA(image.Rect(0, 0, max(1, size.X*widest/long), max(1, size.Y*widest/long)))
			draw.ApproxBiLinear.Scale(smaller, smaller.Bounds(), img, img.Bounds(), draw.Src, nil)
			img = smaller
		}
		var b bytes.Buffer
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: 85})
		p = Picture{Type: JPEG, Content: b.Bytes(), Width: img.Bounds().Dx(), Height: img.Bounds().Dy()}
		return err
	})
	return p, err
}

// pngEnd tells where a PNG ends, -1 where it has no end: behind its signature
// stand chunks of length, type, data and checksum, the last of type IEND.
func pngEnd(content []byte) int {
	for at := 8; at+12 <= len(content); {
		length := int64(binary.BigEndian.Uint32(content[at:]))
		if length > int64(len(content)-at-12) {
			return -1
		}
		kind := string(content[at+4 : at+8])
		at += 12 + int(length)
		if kind == "IEND" {
			return at
		}
	}
	return -1
}

// jpegEnd tells where a JPEG ends, -1 where it has no end: segments of marker
// and length, a scan's data between them, the marker D9 at the end
// (ITU T.81, B.1).
func jpegEnd(content []byte) int {
	at := 2
	for at+1 < len(content) {
		if content[at] != 0xff {
			return -1
		}
		switch marker := content[at+1]; {
		case marker == 0xff: // filling
			at++
		case marker == 0xd9:
			return at + 2
		case marker == 0x01, marker >= 0xd0 && marker <= 0xd7:
			at += 2
		default:
			if at+4 > len(content) {
				return -1
			}
			at += 2 + int(binary.BigEndian.Uint16(content[at+2:]))
			if marker == 0xda {
				for at+1 < len(content) && (content[at] != 0xff || content[at+1] == 0 || content[at+1] >= 0xd0 && content[at+1] <= 0xd7) {
					at++
				}
			}
		}
	}
	return -1
}
