package views

import (
	"context"
	"io"
	"maps"
	"slices"

	"github.com/a-h/templ"
)

// icons are line drawings on a grid of 16 by 16, by their meaning. The names of the sections are also names of icons.
var icons = map[string]string{
	SectionDashboard:   `<path d="M2.500 13.500h11M4 11V7.500M8 11V3.500M12 11V6"/>`,
	SectionWebhooks:    `<path d="M2 8h7.500M6.500 5l3 3-3 3"/><path d="M9 2.500h4.500v11H9"/>`,
	SectionRequests:    `<path d="M2.500 4h1M2.500 8h1M2.500 12h1M6 4h7.500M6 8h7.500M6 12h7.500"/>`,
	SectionContacts:    `<circle cx="6" cy="5.500" r="2.500"/><path d="M1.500 13.500c.4-2.600 2.100-4 4.500-4s4.100 1.400 4.500 4M10.500 3.200a2.500 2.500 0 0 1 0 4.600M12.400 10c1.200.6 1.900 1.800 2.100 3.500"/>`,
	SectionSegments:    `<circle cx="6" cy="8" r="4"/><circle cx="10" cy="8" r="4"/>`,
	SectionTags:        `<path d="M2.500 2.500h5l6 6-5 5-6-6z"/><path d="M5.400 5.400h.01"/>`,
	SectionMergeTags:   `<path d="M6 2.500H5A1.500 1.500 0 0 0 3.500 4v2.200c0 1-.7 1.800-1.500 1.800.8 0 1.500.8 1.500 1.800V12A1.500 1.500 0 0 0 5 13.500h1M10 2.500h1A1.500 1.500 0 0 1 12.500 4v2.200c0 1 .7 1.800 1.500 1.800-.8 0-1.500.8-1.500 1.800V12a1.500 1.500 0 0 1-1.500 1.500h-1"/>`,
	SectionAutomations: `<path d="M2 4.500h5M2 8h7M2 11.500h5M9.500 5l4 3-4 3z"/>`,
	SectionSettings:    `<path d="M2.500 4.500h5M11.500 4.500h2M2.500 11.500h2M8.500 11.500h5"/><circle cx="9.500" cy="4.500" r="2"/><circle cx="6.500" cy="11.500" r="2"/>`,
	SectionAccount:     `<circle cx="8" cy="5.500" r="2.750"/><path d="M2.750 13.750c.5-2.800 2.400-4.250 5.250-4.250s4.750 1.450 5.250 4.250"/>`,

	SectionDestinations: `<circle cx="8" cy="8" r="5.500"/><circle cx="8" cy="8" r="1.750"/>`,

	SectionSupport:     `<path d="M1.800 8C3.200 5.300 5.300 4 8 4s4.800 1.300 6.200 4c-1.400 2.700-3.500 4-6.200 4S3.200 10.700 1.800 8z"/><circle cx="8" cy="8" r="1.750"/>`,
	SectionInvitations: `<path d="M2 4h12v8.500H2zM2.500 4.500 8 9l5.500-4.500"/>`,
	SectionWorkspaces:  `<path d="M2.500 2.500h4.500v4.500H2.500zM9 2.500h4.500v4.500H9zM2.500 9h4.500v4.500H2.500zM9 9h4.500v4.500H9z"/>`,
	SectionHelp:        `<circle cx="8" cy="8" r="5.750"/><path d="M6.300 6.400c.2-1 .9-1.500 1.800-1.500 1 0 1.700.6 1.700 1.500 0 1.200-1.800 1.300-1.800 2.500M8 11.200h.01"/>`,

	"arrow":   `<path d="M3 8h10M9.500 4.500 13 8l-3.500 3.500"/>`,
	"bolt":    `<path d="M8.800 1.800 3.500 9H8l-.8 5.200L12.500 7H8z"/>`,
	"check":   `<path d="m3 8.500 3.200 3.200L13 4.800"/>`,
	"circle":  `<circle cx="8" cy="8" r="4.500"/>`,
	"clock":   `<circle cx="8" cy="8" r="5.500"/><path d="M8 5v3.200l2 1.300"/>`,
	"copy":    `<rect x="5.500" y="5.500" width="8" height="8" rx="1"/><path d="M3.500 10.500h-1v-8h8v1"/>`,
	"cross":   `<path d="m4 4 8 8M12 4l-8 8"/>`,
	"dash":    `<path d="M4 8h8"/>`,
	"diamond": `<path d="m8 3 5 5-5 5-5-5z"/>`,
	"down":    `<path d="m4 6 4 4 4-4"/>`,
	"edit":    `<path d="M3 13l.7-3L10.500 3.200l2.300 2.300L6 12.300z"/>`,
	"info":    `<circle cx="8" cy="8" r="5.750"/><path d="M8 7.500v3.250M8 5.200h.01"/>`,
	"flag":    `<path d="M4 14V2.500M4 3h8.500l-2 3 2 3H4"/>`,
	"key":     `<circle cx="5.250" cy="10.750" r="2.750"/><path d="m7.200 8.800 5.300-5.300M10.500 5.500l2 2"/>`,
	"leave":   `<path d="M6.500 2.500h-4v11h4M6.500 8H14M11 5l3 3-3 3"/>`,
	"menu":    `<path d="M2.500 4.500h11M2.500 8h11M2.500 11.500h11"/>`,
	"minus":   `<path d="M3.500 8h9"/>`,
	"more":    `<path d="M3.500 8h.01M8 8h.01M12.500 8h.01" stroke-width="2.500"/>`,
	"pause":   `<path d="M6 4v8M10 4v8"/>`,
	"play":    `<path d="M5 3.500 12 8l-7 4.500z"/>`,
	"plus":    `<path d="M8 3.500v9M3.500 8h9"/>`,
	"renew":   `<path d="M13 8a5 5 0 1 1-1.600-3.700M13 2.500V5h-2.500"/>`,
	"search":  `<circle cx="7" cy="7" r="4.250"/><path d="m10.200 10.200 3.300 3.300"/>`,
	"same":    `<path d="M4 6.250h8M4 9.750h8"/>`,
	"send":    `<path d="M13.500 2.500 7 9M13.500 2.500 9.300 13.500 7 9 2.500 6.700z"/>`,
	"trash":   `<path d="M3 4.500h10M6.500 4.500v-2h3v2M4.500 4.500l.5 9h6l.5-9"/>`,
	"up":      `<path d="m4 10 4-4 4 4"/>`,
	"warn":    `<path d="M8 2.500 14.200 13.500H1.800z"/><path d="M8 6.500v3M8 11.500h.01"/>`,
}

// Icon draws one of the icons. It is decoration, because there is always a word beside it. An unknown name draws nothing.
func Icon(name string) templ.Component { return icon(name, "i") }

// IconSmall is Icon for small buttons and lines of small text.
func IconSmall(name string) templ.Component { return icon(name, "i i-s") }

func icon(name, class string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		drawing, ok := icons[name]
		if !ok {
			return nil
		}
		_, err := io.WriteString(w, `<svg class="`+class+`" viewBox="0 0 16 16" aria-hidden="true">`+drawing+`</svg>`)
		return err
	})
}

// guideIcons names every icon, in order.
func guideIcons() []string { return slices.Sorted(maps.Keys(icons)) }
