package component

import (
	"guichet/web/ui/pen"

	"github.com/a-h/templ"
)

// rows are the body of a table.
func rows(t Table) templ.Component {
	return pen.Written(func(p *pen.Pen) {
		for _, r := range t.Rows {
			p.Mark(`<tr><th scope="row">`)
			if r.Href != "" {
				p.Mark(`<a href="`)
				p.Text(r.Href)
				p.Mark(`">`)
				p.Text(r.Head)
				p.Mark(`</a>`)
			} else {
				p.Text(r.Head)
			}
			p.Mark(`</th>`)
			for i, c := range r.Cells {
				if t.Columns[i+1].Numeric {
					p.Mark(`<td class="num">`)
				} else {
					p.Mark(`<td>`)
				}
				cell(p, c)
				p.Mark(`</td>`)
			}
			p.Mark(`</tr>`)
		}
	})
}

// cell writes a text, a text with a tag behind it, or a tag.
func cell(p *pen.Pen, c Cell) {
	if c.Tag == "" && c.Note == "" {
		p.Text(c.Text)
		return
	}
	tag := c.Text
	if c.Note != "" {
		p.Text(c.Text)
		p.Mark(" ")
		tag = c.Note
	}
	p.Mark(`<span class="tag `)
	p.Text(c.Tag)
	p.Mark(`">`)
	p.Text(tag)
	p.Mark(`</span>`)
}
