package letter

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
)

//go:embed letter.html
var pageText string

// The plate of the drawn meter, in the drawing's units.
const plateWidth, plateLeft = 84.0, 8.0

var page = template.Must(template.New("letter").Funcs(template.FuncMap{
	"plate": func(b box) plate { return newPlate(b) },
	"add":   func(a, b int) int { return a + b },
}).Parse(pageText))

func (v view) html() ([]byte, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		return nil, fmt.Errorf("letter's page: %w", err)
	}
	return b.Bytes(), nil
}

// plate says how a meter's number stands on the drawn plate.
type plate struct {
	Number           string
	Size             float64 // of the letters, in the drawing's units
	Left, Length     float64 // where the number begins, and how long it is
	FrameX, FrameLen float64 // around the four digits; no length where they stand apart
}

// monoWidth is a letter's width in Go Mono, as a part of its size.
const monoWidth = 0.6

func newPlate(b box) plate {
	number := []rune(b.Before)
	if !b.Apart {
		number = []rune(b.Before + b.Four + b.After)
	}
	size := min(9, (plateWidth-6)/(monoWidth*float64(max(1, len(number)))))
	p := plate{Number: string(number), Size: size}
	p.Length = size * monoWidth * float64(len(number))
	p.Left = plateLeft + (plateWidth-p.Length)/2
	if !b.Apart {
		p.FrameX = p.Left + size*monoWidth*float64(len([]rune(b.Before))) - 0.6
		p.FrameLen = size*monoWidth*4 + 1.2
	}
	return p
}
