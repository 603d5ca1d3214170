package evidence

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/jpeg"
	_ "image/png" // decoded as well

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
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

// redraw makes a picture anew, upright and at most widest pixels long.
func (s *Sandbox) redraw(ctx context.Context, content []byte) (p Picture, err error) {
	err = s.alone(ctx, func() error {
		img, err := decode(content)
		if err != nil {
			return err
		}
		img = upright(img, orientation(content))
		var b bytes.Buffer
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: 85})
		p = Picture{Type: JPEG, Content: b.Bytes(), Width: img.Bounds().Dx(), Height: img.Bounds().Dy()}
		return err
	})
	return p, err
}

// upright turns a picture as a camera says that it was held, and makes it small
// enough, in one step. turned is Exif's 1 to 8, of which 1 is upright.
func upright(img image.Image, turned int) image.Image {
	size := img.Bounds().Size()
	scale := min(1, widest/float64(max(size.X, size.Y)))
	if scale == 1 && turned == 1 {
		return img
	}
	w, h := max(1, float64(size.X)*scale), max(1, float64(size.Y)*scale)
	to := []f64.Aff3{
		{scale, 0, 0, 0, scale, 0}, {-scale, 0, w, 0, scale, 0}, {-scale, 0, w, 0, -scale, h}, {scale, 0, 0, 0, -scale, h},
		{0, scale, 0, scale, 0, 0}, {0, -scale, h, scale, 0, 0}, {0, -scale, h, -scale, 0, w}, {0, scale, 0, -scale, 0, w},
	}[turned-1]
	if turned > 4 {
		w, h = h, w
	}
	paper := image.NewRGBA(image.Rect(0, 0, int(w), int(h)))
	draw.ApproxBiLinear.Transform(paper, to, img, img.Bounds(), draw.Src, nil)
	return paper
}

// orientation reads how a JPEG's camera was held (Exif 2.3, tag 0x0112); 1 where
// nothing can be read.
func orientation(content []byte) int {
	for at := 2; at+4 <= len(content) && content[at] == 0xff && content[at+1] != 0xda; {
		length := int(binary.BigEndian.Uint16(content[at+2:]))
		segment := content[at+4 : min(len(content), max(at+4, at+2+length))]
		if tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok && content[at+1] == 0xe1 && len(tiff) >= 8 {
			return turnedIn(tiff)
		}
		at += 2 + length
	}
	return 1
}

func turnedIn(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	list := int64(order.Uint32(tiff[4:]))
	if list+2 > int64(len(tiff)) {
		return 1
	}
	const entry = 12 // bytes: tag, type, count, value
	entries := tiff[list+2:]
	for range order.Uint16(tiff[list:]) {
		if len(entries) < entry {
			return 1
		}
		if turned := int(order.Uint16(entries[8:])); order.Uint16(entries) == 0x0112 && turned >= 1 && turned <= 8 {
			return turned
		}
		entries = entries[entry:]
	}
	return 1
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
