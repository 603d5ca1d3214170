package letter

import (
	"fmt"

	"github.com/johnfercher/go-tree/node"
	"github.com/johnfercher/maroto/v2"
	"github.com/johnfercher/maroto/v2/pkg/components/col"
	sheets "github.com/johnfercher/maroto/v2/pkg/components/page"
	"github.com/johnfercher/maroto/v2/pkg/components/row"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// Where a paper's pages have their text, in mm.
const (
	tableTop = 28.0 // of every page but the first
	footRoom = 20.0 // at the bottom: page number, contact
	gutter   = 4.0  // between two columns
	leading  = 1.5  // between two rows
	codeSide = 32.0 // of a QR code
)

// PDF writes the letter: 14 points, as many pages as it takes, lying where its
// columns are too wide to stand; on each page the mark (L20), the columns'
// titles and which page it is.
func (p Paper) PDF(house House) ([]byte, error) {
	rule, err := newRuler()
	if err != nil {
		return nil, err
	}
	v := p.view(house).printable()
	l := v.lay(rule)

	press.Lock()
	defer press.Unlock()
	own, err := fonts()
	if err != nil {
		return nil, fmt.Errorf("letter's fonts: %w", err)
	}
	cfg := config.NewBuilder().WithDimensions(l.width, l.height).
		WithLeftMargin(0).WithRightMargin(0).WithTopMargin(0).WithBottomMargin(0).
		WithCustomFonts(own).WithDefaultFont(&props.Font{Family: sans, Size: body, Color: ink}).
		WithTitle(v.Title, true).WithAuthor(v.Operator, true).Build()
	m := maroto.New(cfg)
	for i, one := range l.pages {
		l.foot(one, v, i+1)
		m.AddPages(sheets.New().Add(row.New(l.height - 1).Add(col.New(cfg.MaxGridSize).Add(one))))
	}
	return generate(m)
}

// printable gives the words as the fonts can print them.
func (v paperView) printable() paperView {
	for _, s := range []*string{&v.Title, &v.Made, &v.Caption, &v.Empty, &v.Operator, &v.Confidential,
		&v.HelpTitle, &v.Help, &v.Hours, &v.Phone, &v.Contact, &v.NotesTitle, &v.CodeText} {
		*s = printable(*s)
	}
	each := func(list []string) []string {
		made := make([]string, len(list))
		for i, s := range list {
			made[i] = printable(s)
		}
		return made
	}
	v.To, v.Paragraphs, v.After, v.Notes = each(v.To), each(v.Paragraphs), each(v.After), each(v.Notes)
	columns, rows := v.Columns, v.Rows
	v.Columns, v.Rows = nil, nil
	for _, c := range columns {
		v.Columns = append(v.Columns, Column{breakable(c.Text), c.Numeric})
	}
	for _, r := range rows {
		v.Rows = append(v.Rows, each(r))
	}
	return v
}

// leaf is one page: what is drawn on it, in order.
type leaf struct {
	sheet
	height float64
	draw   []func(*sheet)
}

// SetConfig implements core.Node.
func (*leaf) SetConfig(*entity.Config) {}

// GetStructure implements core.Node.
func (*leaf) GetStructure() *node.Node[core.Structure] {
	return node.New(core.Structure{Type: "paper"})
}

// GetHeight implements core.Component.
func (l *leaf) GetHeight(core.Provider, *entity.Cell) float64 { return l.height - 1 }

// Render implements core.Component.
func (l *leaf) Render(p core.Provider, _ *entity.Cell) {
	l.p = p
	for _, draw := range l.draw {
		draw(&l.sheet)
	}
}

// layout lays a paper out; y is where the page that is open goes on.
type layout struct {
	rule          ruler
	width, height float64
	columns       []float64 // widths of the table's
	pages         []*leaf
	y             float64
}

func (v paperView) lay(rule ruler) *layout {
	l := &layout{rule: rule, width: pageWidth, height: pageHeight}
	// What is sent stands upright, for the envelope's window; its table is months,
	// which fit (a test holds them to that).
	needed := l.widths(v)
	if sum(needed) > l.room() && len(v.To) == 0 {
		l.width, l.height = pageHeight, pageWidth
	}
	l.columns = l.spread(v, needed)
	l.turn(v)
	l.opening(v)
	if len(v.Rows) > 0 {
		l.table(v)
		l.y += line / 2
	} else if v.Empty != "" {
		l.prose(v, v.Empty)
	}
	l.prose(v, v.After...)
	if len(v.Notes) > 0 {
		height := func(n string) float64 { return line * float64(len(rule.wrap(n, false, body, l.room()-6))) }
		l.need(line+leading+height(v.Notes[0]), v) // a title without a note would stand alone
		l.paragraph(v.NotesTitle, "", true)
		for _, n := range v.Notes {
			l.need(height(n), v)
			l.paragraph(n, "•", false)
		}
	}
	return l
}

// room is the width of the text.
func (l *layout) room() float64 { return l.width - 2*left }

func (l *layout) put(draw func(*sheet)) {
	p := l.pages[len(l.pages)-1]
	p.draw = append(p.draw, draw)
}

// print sets one line that was measured; the library may measure a hair more.
func (l *layout) print(x, y, width float64, text string, bold, toRight bool) {
	style := props.Text{}
	if bold {
		style.Style = fontstyle.Bold
	}
	if toRight {
		style.Align = align.Right
		x, width = x-gutter/2, width+gutter/2
	} else {
		width += gutter / 2
	}
	l.put(func(s *sheet) { s.text(x, y, width, text, style) })
}

// turn begins a page, with operator and mark at its head.
func (l *layout) turn(v paperView) {
	l.pages = append(l.pages, &leaf{height: l.height, sheet: sheet{view: view{letterhead: v.letterhead}}})
	l.put(func(s *sheet) { s.top(l.width - left) })
	l.y = tableTop
}

// need turns the page where less than a height is left.
func (l *layout) need(height float64, v paperView) bool {
	if l.y+height <= l.height-footRoom {
		return false
	}
	l.turn(v)
	return true
}

// opening is help first, then to whom, what this is and of what.
func (l *layout) opening(v paperView) {
	if len(v.To) > 0 {
		l.put(func(s *sheet) { s.cover(addressed(v.To, v.Holder), v.Made) })
		l.y = titleTop
	} else {
		top := l.y
		l.put(func(s *sheet) { s.help(left, top) })
		l.put(func(s *sheet) { s.text(left+94, top+3, l.room()-94, v.Made, props.Text{}) })
		l.code(v, left+94, top+10)
		l.y = top + 46
	}
	for _, part := range l.rule.wrap(v.Title, true, 18, l.room()) {
		y := l.y
		l.put(func(s *sheet) { s.text(left, y, l.room()+gutter, part, props.Text{Size: 18, Style: fontstyle.Bold}) })
		l.y += 8.5
	}
	l.prose(v, v.Paragraphs...)
	l.y += line / 2
}

// code draws the QR code at the head of the first page, its words beside it.
func (l *layout) code(v paperView, x, y float64) {
	if v.Code == "" {
		return
	}
	l.put(func(s *sheet) {
		s.p.AddQrCode(v.Code, &entity.Cell{X: x, Y: y, Width: codeSide, Height: codeSide}, &props.Rect{Percent: 100})
	})
	beside := x + codeSide + gutter
	width := l.width - left - beside
	for i, part := range l.rule.wrap(v.CodeText, false, body, width) {
		l.print(beside, y+line*float64(i), width, part, false, false)
	}
}

// prose sets paragraphs; each stands on one page, so that nobody reads half of one.
func (l *layout) prose(v paperView, paragraphs ...string) {
	for _, text := range paragraphs {
		l.need(line*float64(len(l.rule.wrap(text, false, body, l.room()))), v)
		l.paragraph(text, "", false)
		l.y++
	}
}

// paragraph sets a text over the whole width, behind a bullet where one is given.
func (l *layout) paragraph(text, bullet string, bold bool) {
	x := left
	if bullet != "" {
		l.print(x, l.y, 5, bullet, false, false)
		x += 6
	}
	for _, part := range l.rule.wrap(text, bold, body, l.room()-(x-left)) {
		l.print(x, l.y, l.room()-(x-left), part, bold, false)
		l.y += line
	}
	l.y += leading
}

func sum(list []float64) (total float64) {
	for _, n := range list {
		total += n
	}
	return total
}

// widths are what the table's columns need: figures and rows' names whole,
// titles and words broken at blanks.
func (l *layout) widths(v paperView) []float64 {
	list := make([]float64, len(v.Columns))
	for i, c := range v.Columns {
		list[i] = l.rule.longestWord(c.Text, true)
		for _, r := range v.Rows {
			if c.Numeric || v.named(i) {
				list[i] = max(list[i], l.rule.width(r[i], false, body))
			} else {
				list[i] = max(list[i], l.rule.longestWord(r[i], false))
			}
		}
		list[i] += gutter
	}
	return list
}

// named tells whether a column names the rows, whose names stay whole: but in
// what is sent, which has no more room.
func (v paperView) named(i int) bool { return i == 0 && len(v.To) == 0 }

// spread gives the room that is left to those whose words have the most lines,
// as long as it saves them one, and then to all.
func (l *layout) spread(v paperView, list []float64) []float64 {
	spare := l.room() - sum(list)
	words := make([]map[string]bool, len(list)) // of each column what may be broken
	for i, c := range v.Columns {
		words[i] = map[string]bool{}
		for _, r := range v.Rows {
			if !c.Numeric && !v.named(i) {
				words[i][r[i]] = true
			}
		}
	}
	for l.widen(v, words, list, &spare) {
	}
	if spare > 0 && len(list) > 0 {
		for i := range list {
			list[i] += spare / float64(len(list))
		}
	}
	return list
}

// widen gives the column whose words have the most lines what it needs to have
// one less; false where none can.
func (l *layout) widen(v paperView, words []map[string]bool, list []float64, spare *float64) bool {
	lines := func(i int, width float64) int {
		most := len(l.rule.wrap(v.Columns[i].Text, true, body, width-gutter))
		for text := range words[i] {
			most = max(most, len(l.rule.wrap(text, false, body, width-gutter)))
		}
		return most
	}
	best, most, cost := -1, 1, 0.0
	for i, width := range list {
		if n := lines(i, width); n > most {
			for more := 1.0; more <= *spare; more++ {
				if lines(i, width+more) < n {
					best, most, cost = i, n, more
					break
				}
			}
		}
	}
	if best < 0 {
		return false
	}
	list[best], *spare = list[best]+cost, *spare-cost
	return true
}

func (l *layout) table(v paperView) {
	l.paragraph(v.Caption, "", true)
	l.titles(v)
	for _, r := range v.Rows {
		cells, height := l.cells(v, r, false)
		if l.need(height, v) {
			l.titles(v)
		}
		l.row(v, cells, false)
		l.y += height
		y := l.y - leading/2
		l.put(func(s *sheet) { s.fill(left, y-0.3, l.room(), 0.15, ink) })
	}
}

func (l *layout) titles(v paperView) {
	texts := make([]string, len(v.Columns))
	for i, c := range v.Columns {
		texts[i] = c.Text
	}
	cells, height := l.cells(v, texts, true)
	l.row(v, cells, true)
	l.y += height
	y := l.y - leading/2
	l.put(func(s *sheet) { s.fill(left, y-0.6, l.room(), 0.5, deep) })
}

// cells breaks a row's texts into lines and tells how high it is.
func (l *layout) cells(v paperView, texts []string, bold bool) (cells [][]string, height float64) {
	for i, text := range texts {
		lines := []string{text}
		if bold || !v.Columns[i].Numeric {
			lines = l.rule.wrap(text, bold, body, l.columns[i]-gutter)
		}
		cells = append(cells, lines)
		height = max(height, float64(len(lines))*line+leading)
	}
	return cells, height
}

func (l *layout) row(v paperView, cells [][]string, bold bool) {
	x := left
	for i, lines := range cells {
		for n, text := range lines {
			l.print(x, l.y+float64(n)*line, l.columns[i]-gutter, text, bold, v.Columns[i].Numeric)
		}
		x += l.columns[i]
	}
}

// foot is drawn last, when it is known how many pages there are.
func (l *layout) foot(p *leaf, v paperView, n int) {
	y, count := l.height-footRoom+6, len(l.pages)
	p.draw = append(p.draw, func(s *sheet) {
		s.fill(left, y-2, l.room(), 0.3, ink)
		s.fitted(left, y, l.room()-50, v.Contact, props.Text{})
		s.text(l.width-left-50, y, 50, printable(v.Page(n, count)), props.Text{Align: align.Right})
	})
}
