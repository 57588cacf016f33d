// Package segments decides who is in which segment: rules and their evaluator, the stored memberships, and the ticker
// that keeps them right. It knows neither HTTP nor pages, and nothing of how contacts come to change.
package segments
