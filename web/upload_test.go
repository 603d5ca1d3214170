package web

import (
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/portal/doors"
	"guichet/portal/store/storetest"
	"guichet/works"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// T24: an upload may take minutes; whoever lost their right while it came in is
// out when it is in, and nothing of it is kept or shown.
func TestT24ARightEndsWhileAnUploadComesIn(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	in, g := f.guestOf("Elektro Rotenberg", "0403.170.701", "installer")
	k := f.yard.capture(works.Phases13, "")
	storetest.Exec(t, f.dsn, `UPDATE works SET partner_id = $1 WHERE id = $2`, g.PartnerID, k.OccupancyID)
	body, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	admitted := func() bool { // its source has paid for a paper
		f.limits.mu.Lock()
		defer f.limits.mu.Unlock()
		return slices.ContainsFunc(f.limits.keys, func(key string) bool { return strings.HasPrefix(key, "works-paper:") })
	}
	go func() {
		part, err := form.CreateFormFile("document", "plan.pdf")
		if err == nil {
			_, err = io.WriteString(part, "%PDF-1")
		}
		assert.Eventually(t, admitted, 10*time.Second, time.Millisecond)
		storetest.Exec(t, f.dsn, `UPDATE partners SET status = 'suspended'`)
		if err == nil {
			err = form.WriteField("paper_kind", "passport")
		}
		_ = form.Close()
		_ = writer.CloseWithError(err)
	}()
	r, err := http.NewRequest(http.MethodPost, in.server.URL+"/de/partner/works/"+k.OccupancyID+"/papers", body)
	require.NoError(t, err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	a := in.do(r)
	require.Equal(t, "/de/partner/sign-in", a.Header.Get("Location"))
	require.NotContains(t, a.body, "Rotenberg 12")
}

// Every route that takes uploads asks a second time.
func TestT24UploadsAskTwice(t *testing.T) {
	t.Parallel()
	found := 0
	for _, r := range publicRoutes(newHouse(t).deps(t)) {
		if r.Policy.Uploads > 0 {
			found++
			require.NotNil(t, r.Policy.Again, r.Path)
			require.Contains(t, doors.All, r.Policy.Door, r.Path)
		}
	}
	require.Positive(t, found)
}
