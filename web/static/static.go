// Package static holds style sheet, script and icon. Each is served under a
// name that carries its hash, so that browsers may keep it forever and never
// show an old one.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"path"
	"strings"
)

//go:embed *.css *.js *.svg
var files embed.FS

// File is one asset as it is served.
type File struct {
	Type string
	Data []byte
}

var (
	hashed = map[string]string{} // guichet.css -> guichet.1f2e3d4c5b6a.css
	served = map[string]File{}
)

var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func init() {
	list, err := files.ReadDir(".")
	if err != nil {
		panic("static: " + err.Error())
	}
	for _, f := range list {
		data, err := files.ReadFile(f.Name())
		if err != nil {
			panic("static: " + err.Error())
		}
		sum := sha256.Sum256(data)
		ext := path.Ext(f.Name())
		name := strings.TrimSuffix(f.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		hashed[f.Name()] = name
		served[name] = File{Type: types[ext], Data: data}
	}
}

// Path gives the address of an asset; it panics on one that does not exist,
// so that a test of any page finds the slip.
func Path(name string) string {
	h, ok := hashed[name]
	if !ok {
		panic("static: no asset " + name)
	}
	return "/static/" + h
}

// Get gives an asset by its hashed name.
func Get(name string) (File, bool) {
	f, ok := served[name]
	return f, ok
}
