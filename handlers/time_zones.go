package handlers

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/views"
)

// timeZones lists the available time zones by continent, then by place name, with their current offset.
func timeZones(now time.Time) []views.OptionGroup {
	groups := []views.OptionGroup{{Options: []views.Option{{Value: "UTC", Label: "UTC"}}}}
	for _, name := range models.TimeZones {
		area, place, found := strings.Cut(name, "/")
		loc, err := time.LoadLocation(name)
		if !found || err != nil {
			continue
		}
		if groups[len(groups)-1].Label != area {
			groups = append(groups, views.OptionGroup{Label: area})
		}
		last := &groups[len(groups)-1]
		last.Options = append(last.Options, views.Option{Value: name, Label: placeName(place) + " (" + offset(now.In(loc)) + ")"})
	}
	for _, g := range groups {
		slices.SortFunc(g.Options, func(a, b views.Option) int { return strings.Compare(a.Label, b.Label) })
	}
	return groups
}

// placeName puts the city before its state: "Knox, Indiana" for Indiana/Knox.
func placeName(place string) string {
	parts := strings.Split(strings.ReplaceAll(place, "_", " "), "/")
	slices.Reverse(parts)
	return strings.Join(parts, ", ")
}

// offset returns the UTC offset of t's zone at t: "UTC+5:30".
func offset(t time.Time) string {
	_, seconds := t.Zone()
	sign := "+"
	if seconds < 0 {
		sign, seconds = "−", -seconds
	}
	text := fmt.Sprintf("UTC%s%d", sign, seconds/3600)
	if minutes := seconds / 60 % 60; minutes > 0 {
		text += fmt.Sprintf(":%02d", minutes)
	}
	return text
}
