// Package public holds the pages of the public listener: one view struct and
// one template a file. Values arrive formatted; nothing here reads or decides.
package public

// wrong tells whether a field of the form is at fault: then it stands open.
func (f WorksForm) wrong() bool {
	for _, c := range f.Controls {
		if c.Error != "" {
			return true
		}
	}
	return false
}
