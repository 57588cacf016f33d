package demo

import "strings"

// tongue is a language with the names of its speakers, their countries, more likely ones more often, and some cities.
type tongue struct {
	first, last []string
	homes       []home
}

type home struct {
	country string // ISO code
	cities  []string
}

func list(s string) []string { return strings.Fields(s) }

var (
	austria     = home{"AT", list("Vienna Graz Linz Salzburg Innsbruck Klagenfurt Villach Wels Dornbirn Steyr")}
	germany     = home{"DE", list("Munich Berlin Hamburg Leipzig Passau Regensburg Freiburg Cologne Dresden")}
	switzerland = home{"CH", list("Zürich Bern Basel Winterthur Lucerne")}
)

// tongues lists the languages of the shop's readers. The number of names decides how many people speak each.
var tongues = []tongue{
	{
		first: list("Anna Lukas Maria Jonas Sophie Paul Lena Felix Laura Maximilian Johanna David Katharina Tobias Eva Simon Magdalena Florian Theresa Matthias Barbara Stefan Helene Thomas Miriam Andreas Ursula Michael Veronika Georg Clara Sebastian Franziska Martin Hannah Philipp Greta Elias Ida Moritz Valerie Konrad Nora Leopold"),
		last:  list("Huber Gruber Bauer Wagner Steiner Moser Mayer Hofer Leitner Berger Fuchs Eder Fischer Schmid Winkler Weber Schwarz Maier Schneider Reiter Mayr Schmidt Wimmer Egger Brunner Lang Baumgartner Auer Binder Lechner Wolf Wallner Aigner Ebner Koller Lehner Haas Schuster Heilig Kofler Zechner Holzer Pichler Strobl"),
		homes: []home{austria, austria, austria, germany, germany, switzerland},
	},
	{
		first: list("Emily Oliver Charlotte Jack Amelia Harry Grace George Alice Arthur Ruth Edward Fiona Callum Niamh Declan Megan Rhys Hazel Walter Nancy Frank Joanna Neil"),
		last:  list("Ashworth Bennett Carter Doyle Ellison Fairfax Gallagher Harding Irving Keating Langley Marsh Norwood Osborne Penrose Quinn Radcliffe Sheridan Thornton Upton Vaughan Whitaker Yardley Abbott"),
		homes: []home{{"GB", list("London Leeds Bristol Edinburgh Cardiff York")}, {"GB", list("Norwich Bath Oxford Glasgow")}, {"IE", list("Dublin Cork Galway")}, {"US", list("Portland Boston Chicago")}},
	},
	{
		first: list("Camille Louis Chloé Hugo Manon Gabriel Élise Jules Inès Arthur Margaux Théo Juliette Antoine Solène Mathieu Odile Rémy"),
		last:  list("Bernard Dubois Moreau Laurent Lefèvre Fontaine Rousseau Mercier Garnier Chevalier Perrin Marchand Dumas Picard Gaillard Lemoine Vasseur Colin"),
		homes: []home{{"FR", list("Paris Lyon Strasbourg Nantes")}, {"FR", list("Lille Toulouse")}, {"BE", list("Brussels Liège Namur")}},
	},
	{
		first: list("Giulia Marco Chiara Luca Francesca Matteo Elena Davide Silvia Paolo Beatrice Enrico Caterina Nicola Lucia Pietro Ornella Sandro"),
		last:  list("Ferrari Bianchi Romano Colombo Ricci Marino Conti Bruno Gallo Costa Giordano Mancini Rizzo Lombardi Moretti Barbieri Fontana Caruso"),
		homes: []home{{"IT", list("Bolzano Trento Milan Verona")}, {"IT", list("Udine Trieste Bologna Rome")}},
	},
	{
		first: list("Marta Piotr Agnieszka Tomasz Zofia Jakub Ewa Michał Hanna Krzysztof Alicja Wojciech Irena Paweł"),
		last:  list("Kowalczyk Nowak Wróbel Wójcik Stępień Sobczak Zając Mazur Krawczyk Dudek Pawlak Walczak Sikora Baran"),
		homes: []home{{"PL", list("Kraków Wrocław Warsaw Gdańsk")}},
	},
	{
		first: list("Søren Freja Mikkel Astrid Lars Ingrid Erik Signe Anders Karin Nils Liv Henrik Maja"),
		last:  list("Ødegård Hansen Lindqvist Nielsen Bergström Dahl Holm Sørensen Nyström Strand Åkesson Vik Lund Fjeld"),
		homes: []home{{"DK", list("Copenhagen Aarhus Odense")}, {"SE", list("Malmö Gothenburg Uppsala")}, {"NO", list("Oslo Bergen")}},
	},
	{
		first: list("Sanne Daan Fleur Bram Lotte Thijs Femke Ruben Marieke Joost Saskia Pieter"),
		last:  list("Jansen Visser Bakker Mulder Bosman Vermeer Kuiper Hoekstra Dekker Postma Smit Brouwer"),
		homes: []home{{"NL", list("Utrecht Amsterdam Leiden Groningen")}, {"BE", list("Ghent Antwerp")}},
	},
	{
		first: list("Zsófia Bence Réka Gergő Eszter Dániel Petra Luka Nina Ivan Ana Matej"),
		last:  list("Nagy Szabó Tóth Kovács Varga Molnár Novak Horvat Zupan Kralj Kos Marić"),
		homes: []home{{"HU", list("Budapest Győr Sopron")}, {"SI", list("Ljubljana Maribor")}, {"HR", list("Zagreb Split")}},
	},
}

// pairs is how many people there are before a name repeats.
var pairs = func() (n int) {
	for _, t := range tongues {
		n += len(t.first) * len(t.last)
	}
	return n
}()

// naming returns the i-th name of all, 0 <= i < pairs, and its language.
func naming(i int) (first, last string, t tongue) {
	for _, t = range tongues {
		if n := len(t.first) * len(t.last); i >= n {
			i -= n
			continue
		}
		break
	}
	return t.first[i/len(t.last)], t.last[i%len(t.last)], t
}
