package works

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// Asset is what the technical database keeps of works that were carried out
// (W14). Of persons it has two fields, and both come from the access register
// and from nowhere else (W15, W16): who asked for the works is not in it.
type Asset struct {
	ID        string
	RequestID string
	MadeAt    time.Time
	Kind      Kind
	Energy    portal.Energy
	EAN       portal.EAN // "" where the works have no access point
	DoneAt    time.Time
	Values    map[Field]string // measures and choices: nothing that people write freely

	NetworkUser string    // of the access register, now; "" where nobody is
	SupplyFrom  time.Time // date of effect of the supply contract; zero: none
}

// Register reads the access register and keeps the assets.
type Register interface {
	// NetworkUser gives the name of the network user at an access point and the
	// date of effect of the supply contract, as the access register has them
	// at a time; "" and zero where it has none.
	NetworkUser(t tx.Tx, ean portal.EAN, at time.Time) (name string, supplyFrom time.Time, err error)
	// PutWorksAsset adds an asset.
	PutWorksAsset(t tx.Tx, a Asset) error
	// WorksAsset reads the newest of a request; NotFound.
	WorksAsset(ctx context.Context, requestID string) (Asset, error)
}

// RecordAsset writes the technical data of works that were carried out into the
// asset register, and the two personal fields by copying them from the access
// register (W14-W16). ean is the access point of a request that has none of its
// own yet; a request's own is never replaced. check is asked first, of the
// locked request.
func (s *Service) RecordAsset(ctx context.Context, by audit.Entry, id, ean string, check func(*Request) error) error {
	if !s.Master.Records("asset") {
		return ErrMaster // D13
	}
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		r, err := s.lock(t, id)
		if err != nil {
			return err
		}
		if err := check(&r); err != nil {
			return err
		}
		if r.Status != Done && r.Status != InService || !r.AssetAt.IsZero() {
			return &portal.Error{Code: portal.Conflict, Key: "works.state"}
		}
		if err := s.putAsset(t, &r, ean, now, now); err != nil {
			return err
		}
		record(t, by, now, audit.WorksNoted, r, map[string]string{"what": "asset"})
		return s.save(t, &r)
	})
}

// putAsset writes the asset of a request that is locked, as the access register
// has its persons now.
func (s *Service) putAsset(t tx.Tx, r *Request, ean string, at, now time.Time) error {
	steps, err := s.Store.WorksSteps(t, r.ID)
	if err != nil {
		return err
	}
	a := Asset{ID: portal.NewID(now), RequestID: r.ID, MadeAt: now, Kind: r.Kind, Energy: r.Energy, DoneAt: carriedOut(steps), Values: r.technical()}
	if a.DoneAt.IsZero() {
		a.DoneAt = r.Since // nobody told when they were carried out, but that they are
	}
	given := r.Values[EAN]
	if given == "" {
		given = ean
	}
	if given != "" {
		if a.EAN, err = portal.ParseEAN(given); err != nil {
			return err
		}
		if a.NetworkUser, a.SupplyFrom, err = s.Store.NetworkUser(t, a.EAN, now); err != nil {
			return err
		}
	}
	r.AssetAt = at
	return s.Store.PutWorksAsset(t, a)
}

// carriedOut is when the works were last done.
func carriedOut(steps []Step) (at time.Time) {
	for _, s := range steps {
		if s.Event == EventCarryOut {
			at = s.At
		}
	}
	return at
}

// technical are the measures and choices of a request.
func (r Request) technical() map[Field]string {
	kept := map[Field]string{}
	for f, v := range r.Values {
		switch f.facts().form {
		case tenths, count, choice:
			kept[f] = v
		}
	}
	return kept
}
