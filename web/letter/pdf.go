package letter

import (
	"fmt"
	"sync"

	"github.com/johnfercher/go-tree/node"
	"github.com/johnfercher/maroto/v2"
	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/extension"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/consts/linestyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"github.com/johnfercher/maroto/v2/pkg/repository"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
)

const (
	sans = "go"
	mono = "gomono"

	body  = 14.0   // points (D18)
	point = 0.3528 // millimetres
	line  = 6.0    // from one line of body text to the next, in mm

	pageWidth, pageHeight = 210.0, 297.0
	left, right           = 18.0, 192.0 // the page's text, in mm
	windowLeft, windowTop = 112.0, 46.0 // where an envelope's window shows the address
	dateTop               = 84.0        // below the window
	titleTop              = 92.0        // below window and date
	pictureWidth          = 52.0
)

var (
	ink   = &props.Color{Red: 0x16, Green: 0x20, Blue: 0x2e}
	brand = &props.Color{Red: 0x0a, Green: 0x5a, Blue: 0x5c}
	deep  = &props.Color{Red: 0x07, Green: 0x3f, Blue: 0x41}
	amber = &props.Color{Red: 0xff, Green: 0xbf, Blue: 0x47}
	sand  = &props.Color{Red: 0xf1, Green: 0xed, Blue: 0xe4}
)

var fonts = sync.OnceValues(func() ([]*entity.CustomFont, error) {
	return repository.New().
		AddUTF8FontFromBytes(sans, fontstyle.Normal, goregular.TTF).
		AddUTF8FontFromBytes(sans, fontstyle.Bold, gobold.TTF).
		AddUTF8FontFromBytes(mono, fontstyle.Normal, gomono.TTF).
		AddUTF8FontFromBytes(mono, fontstyle.Bold, gomonobold.TTF).
		Load()
})

// press is held while a letter is set: the PDF library writes into the fonts
// that all letters share.
var press sync.Mutex

// pdf sets the letter's one page, drawn as one component.
func (v view) pdf() ([]byte, error) {
	press.Lock()
	defer press.Unlock()
	own, err := fonts()
	if err != nil {
		return nil, fmt.Errorf("letter's fonts: %w", err)
	}
	cfg := config.NewBuilder().WithDimensions(pageWidth, pageHeight).
		WithLeftMargin(0).WithRightMargin(0).WithTopMargin(0).WithBottomMargin(0).WithDisableAutoPageBreak(true).
		WithCustomFonts(own).WithDefaultFont(&props.Font{Family: sans, Size: body, Color: ink}).
		WithTitle(v.Title, true).WithAuthor(v.Operator, true).Build()
	m := maroto.New(cfg)
	m.AddRow(pageHeight-1, col.New(cfg.MaxGridSize).Add(&sheet{view: v}))
	return generate(m)
}

// generate keeps a panic of the library, at words that somebody made up, to
// this one letter: the clerk tells of it and hands over the others.
func generate(m core.Maroto) (text []byte, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("letter's PDF cannot be set: %T", broken) // its words may be the letter's
		}
	}()
	doc, err := m.Generate()
	if err != nil {
		return nil, fmt.Errorf("letter's PDF: %w", err)
	}
	return doc.GetBytes(), nil
}

// sheet is the page as one component: a letter's places are fixed by the
// envelope's window and by the one page, so it is drawn by millimetres.
type sheet struct {
	view
	p core.Provider
}

// SetConfig implements core.Node.
func (*sheet) SetConfig(*entity.Config) {}

// GetStructure implements core.Node.
func (*sheet) GetStructure() *node.Node[core.Structure] {
	return node.New(core.Structure{Type: "letter"})
}

// GetHeight implements core.Component.
func (*sheet) GetHeight(core.Provider, *entity.Cell) float64 { return pageHeight - 1 }

// Render implements core.Component.
func (s *sheet) Render(p core.Provider, _ *entity.Cell) {
	s.p = p
	y := s.head()
	for _, b := range s.Boxes {
		y = s.box(b, y) + 3
	}
	s.steps(y + 1)
}

// head is the letter's upper part; y is where its boxes begin.
func (s *sheet) head() (y float64) {
	s.top(right)
	s.cover(addressed(s.To, s.Holder), s.Date)
	s.text(left, titleTop, right-left, s.Title, props.Text{Size: 18, Style: fontstyle.Bold})
	return 101 + s.text(left, 101, right-left, s.Intro, props.Text{}) + 2
}

// top stands on every page of every letter: who writes, and the mark (L20).
func (s *sheet) top(right float64) {
	s.text(left, 13, 100, s.Operator, props.Text{Size: 18, Style: fontstyle.Bold, Color: deep})
	s.text(right-70, 14, 70, s.Confidential, props.Text{Style: fontstyle.Bold, Align: align.Right})
	s.fill(left, 22, right-left, 1, deep)
}

// cover is the first page of every letter that is sent: help, the address in
// the envelope's window, the date.
func (s *sheet) cover(to []string, date string) {
	s.help(left, 34)
	size := s.windowed(to)
	y := windowTop
	for _, row := range to {
		style := props.Text{Size: size}
		s.text(windowLeft, y, right-windowLeft, row, style)
		y += s.windowLines(row, size) * windowLine(size)
	}
	s.text(windowLeft, dateTop, right-windowLeft, date, props.Text{})
}

// windowed is the size, in points, in which an address keeps to the envelope's
// window: the date and the title stand right below it.
func (s *sheet) windowed(to []string) (size float64) {
	rule, err := newRuler()
	fits := func() bool {
		lines, longest := 0.0, 0.0
		for _, row := range to {
			lines += s.windowLines(row, size)
			if err == nil {
				longest = max(longest, rule.longestWord(signs(row), false)*size/body)
			}
		}
		return lines*windowLine(size) <= dateTop-windowTop && longest <= right-windowLeft
	}
	for size = body; size > smallest && !fits(); size -= 0.5 {
	}
	return size
}

// windowLine is from one line of an address to the next, in mm.
func windowLine(size float64) float64 { return size*point + line - body*point }

func (s *sheet) windowLines(row string, size float64) float64 {
	if row = signs(row); row == "" {
		return 0
	}
	style := props.Text{Size: size}
	style.MakeValid(&props.Font{Family: sans, Style: fontstyle.Normal, Size: body, Color: ink})
	return float64(s.p.GetLinesQuantity(row, &style, right-windowLeft))
}

// help stands first: who answers, and when.
func (s *sheet) help(x, y float64) {
	s.fill(x, y, 84, 40, sand)
	x, width := x+4, 76.0
	y += 3
	y += s.text(x, y, width, s.HelpTitle, props.Text{Style: fontstyle.Bold}) + 1
	s.text(x, y, width, s.Phone, props.Text{Size: 20, Style: fontstyle.Bold})
	y += 9.5
	y += s.text(x, y, width, s.Hours, props.Text{})
	s.text(x, y, width, s.Help, props.Text{})
}

// box is one meter: its reference, its number, its code, and where to look.
func (s *sheet) box(b box, top float64) (bottom float64) {
	height := 56.0
	if b.Apart {
		height += line + 1
	}
	s.frame(left, top, right-left, height, 0.6, brand)
	s.fill(left, top, right-left, 8.5, brand)
	white := &props.Color{Red: 255, Green: 255, Blue: 255}
	s.fitted(left+4, top+1.2, right-left-8, b.Energy+" – "+b.Supply, props.Text{Style: fontstyle.Bold, Color: white})

	x, y, width := left+4, top+11, right-left-pictureWidth-12
	y += s.text(x, y, width, s.ReferenceIs, props.Text{})
	s.text(x, y, width, b.Reference, props.Text{Family: mono, Size: 22, Style: fontstyle.Bold})
	y += 10.5
	y += s.text(x, y, width, s.MeterIs, props.Text{})
	s.number(b, x, y+1, width)
	y += 9
	if b.Apart {
		s.text(x, y, width, s.DigitsIs, props.Text{})
		s.marked(b.Four, x+74, y, body)
		y += line + 1
	}
	s.text(x, y, width, s.CodeIs, props.Text{})
	s.text(x+50, y-0.4, width, b.Code, props.Text{Family: mono, Size: 16})
	s.text(x, y+line, width, s.CodeHow, props.Text{})
	s.picture(b, right-pictureWidth-3, top+11)
	return top + height
}

// number prints a meter number whole, its four digits bold on amber.
func (s *sheet) number(b box, x, y, width float64) {
	if b.Apart {
		s.fitted(x, y, width, b.Before, props.Text{Family: mono, Size: 16})
		return
	}
	whole := len([]rune(b.Before + b.Four + b.After))
	size := min(16, width/(monoWidth*point*float64(whole)))
	advance := size * monoWidth * point
	s.text(x, y, width, b.Before, props.Text{Family: mono, Size: size})
	x += advance * float64(len([]rune(b.Before)))
	s.marked(b.Four, x, y, size)
	s.text(x+advance*float64(len(b.Four)), y, width, b.After, props.Text{Family: mono, Size: size})
}

func (s *sheet) marked(digits string, x, y, size float64) {
	width := size * monoWidth * point * float64(len(digits))
	s.fill(x, y-0.6, width, size*point+2, amber)
	s.frame(x, y-0.6, width, size*point+2, 0.4, ink)
	s.text(x, y, width+1, digits, props.Text{Family: mono, Size: size, Style: fontstyle.Bold})
}

// picture shows where the number stands on the device, with this number.
func (s *sheet) picture(b box, x, y float64) {
	const unit = pictureWidth / drawingWidth
	s.p.AddImageFromBytes(meterFront(), &entity.Cell{X: x, Y: y, Width: pictureWidth, Height: drawingHeight * unit},
		&props.Rect{Percent: 100}, extension.Png)
	display := "04127 kWh"
	if b.Gas {
		display = "02418 m³"
	}
	s.text(x+20*unit, y+13.5*unit, 57*unit, display, props.Text{Family: mono, Size: 14, Align: align.Right})
	pl := newPlate(b)
	size := pl.Size * unit / point
	top := y + 48*unit - size*point*0.85
	if pl.FrameLen > 0 {
		s.fill(x+pl.FrameX*unit, y+41*unit, pl.FrameLen*unit, 14*unit, amber)
		s.frame(x+pl.FrameX*unit, y+41*unit, pl.FrameLen*unit, 14*unit, 0.4, ink)
	}
	s.text(x+pl.Left*unit, top+size*point*0.28, pictureWidth, pl.Number, props.Text{Family: mono, Size: size})
	s.text(x, y+drawingHeight*unit+1, pictureWidth, s.MeterCaption, props.Text{Size: 11, Align: align.Center})
}

// steps are the way in; what stands under them is measured from the bottom.
func (s *sheet) steps(y float64) {
	y += s.text(left, y, right-left, s.StepsTitle, props.Text{Style: fontstyle.Bold}) + 0.5
	for i, step := range s.Steps {
		s.text(left, y, 8, fmt.Sprintf("%d.", i+1), props.Text{Style: fontstyle.Bold, Color: brand})
		y += s.text(left+8, y, right-left-8, step, props.Text{})
		if i == 0 {
			s.fitted(left+8, y, right-left-8, s.Address, props.Text{Style: fontstyle.Bold})
			y += line
		}
	}
	s.fill(left, y+1, right-left, 0.3, ink)
	y += 3
	y += s.text(left, y, right-left, s.Keep, props.Text{Style: fontstyle.Bold})
	s.fitted(left, y, right-left, s.Contact, props.Text{})
}

// text writes a paragraph whose first line begins at y and tells its height.
func (s *sheet) text(x, y, width float64, content string, style props.Text) (height float64) {
	if content = signs(content); content == "" {
		return 0
	}
	style.MakeValid(&props.Font{Family: sans, Style: fontstyle.Normal, Size: body, Color: ink})
	style.VerticalPadding = line - body*point
	lines := s.p.GetLinesQuantity(content, &style, width)
	s.p.AddText(content, &entity.Cell{X: x, Y: y, Width: width, Height: pageHeight}, &style)
	return float64(lines) * max(line, style.Size*point+1)
}

// smallest is how small a long address may become before it breaks, in points.
const smallest = 9.0

// fitted writes one line, smaller where it would not fit.
func (s *sheet) fitted(x, y, width float64, content string, style props.Text) {
	content = signs(content)
	if style.Size == 0 {
		style.Size = body
	}
	if style.Family == "" {
		style.Family = sans
	}
	for style.Size > smallest && s.p.GetLinesQuantity(content, &style, width) > 1 {
		style.Size -= 0.5
	}
	s.text(x, y, width, content, style)
}

// fill draws a plain area: a line as thick as the area is high.
func (s *sheet) fill(x, y, width, height float64, colour *props.Color) {
	s.p.AddLine(&entity.Cell{X: x, Y: y, Width: width, Height: height},
		&props.Line{Color: colour, Style: linestyle.Solid, Thickness: height, OffsetPercent: 50, SizePercent: 100, Orientation: "horizontal"})
}

func (s *sheet) frame(x, y, width, height, thickness float64, colour *props.Color) {
	half := thickness / 2
	s.fill(x-half, y-half, width+thickness, thickness, colour)
	s.fill(x-half, y+height-half, width+thickness, thickness, colour)
	s.fill(x-half, y-half, thickness, height+thickness, colour)
	s.fill(x+width-half, y-half, thickness, height+thickness, colour)
}
