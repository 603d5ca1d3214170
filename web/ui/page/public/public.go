// Package public holds the pages of the public listener: one view struct and
// one template a file. Values arrive formatted; nothing here reads or decides.
package public
