package desk

import (
	"context"

	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/staff"
)

// Partners is what an officer does with third parties; *partner.Service. Each
// of its changes and readings is recorded there (L18, L19).
type Partners interface {
	List(ctx context.Context, by portal.Actor, of partner.Status, before partner.Place) ([]partner.Organisation, error)
	Open(ctx context.Context, by portal.Actor, id string) (partner.File, error)
	Approve(ctx context.Context, by portal.Actor, id string, compared bool) error
	Refuse(ctx context.Context, by portal.Actor, id, reason string) error
	Suspend(ctx context.Context, by portal.Actor, id, reason string) error
	Resume(ctx context.Context, by portal.Actor, id, reason string) error
	NameSupplier(ctx context.Context, by portal.Actor, id, code, reason string, compared bool) error
}

// Trusted gives the third parties to who may decide on them.
func (s *Service) Trusted(m staff.Member) (Partners, error) {
	if err := need(m, trust); err != nil {
		return nil, err
	}
	return s.Partners, nil
}
