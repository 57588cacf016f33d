package handlers

import (
	"campaignlark/models"
	"campaignlark/views"
)

// dashboard shows the first page of a workspace.
func (s *Server) dashboard(v *visit) error {
	p, err := v.page(views.SectionDashboard, "Dashboard")
	if err != nil {
		return err
	}
	o, err := s.DB.Overview(v.UserContext(), v.Workspace.ID, s.now())
	if err != nil {
		return models.In("dashboard: overview", err)
	}
	m := views.DashboardModel{Page: p, CanChange: v.canChange()}
	if m.Steps, err = v.firstSteps(o); err != nil {
		return err
	}
	if m.StepsDone, m.StepsAll = stepsDone(m.Steps); m.StepsDone == m.StepsAll || v.session.Values[v.stepsHidden()] != nil {
		m.Steps = nil
	}
	if v.counts.Contacts > 0 {
		err = v.growth(&m, o)
	}
	if err == nil && o.Called {
		err = v.dashboardCalls(&m)
	}
	if err == nil {
		err = v.dashboardOutgoing(&m)
	}
	if err == nil && v.counts.Segments > 0 {
		err = v.dashboardSegments(&m)
	}
	if err != nil {
		return err
	}
	return v.show(views.DashboardPage(m))
}
