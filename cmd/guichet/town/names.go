package town

import (
	"fmt"
	"math/rand/v2"

	"guichet/portal"
)

// place is a real municipality with streets nobody will find in it.
type place struct {
	postcode, name string
	gas            bool // has a gas network
	streets        []string
	speak          []portal.Language // drawn from evenly: repeat to weigh
}

var (
	frenchStreets = []string{"Rue des Sept-Lanternes", "Quai du Héron-Distrait", "Rue de la Pie-Savante",
		"Chemin du Nuage-Bas", "Ruelle des Trois-Plumes", "Allée du Saule-Rieur", "Rue du Renard-Lettré",
		"Place du Cadran-Muet", "Avenue des Chaussettes-Bleues", "Clos de la Mésange-Pressée"}
	germanStreets = []string{"Silberdachsweg", "Laternenhasenstraße", "Mondziegenpfad", "Zur Stillen Wanduhr",
		"Am Träumenden Raben", "Siebenmützengasse", "Haselgeisterring"}

	mostlyFrench = []portal.Language{"fr", "fr", "fr", "fr", "fr", "fr", "fr", "fr", "fr", "nl", "en"}
	mostlyGerman = []portal.Language{"de", "de", "de", "de", "de", "fr"}

	namur    = &place{"5000", "Namur", true, frenchStreets, mostlyFrench}
	verviers = &place{"4800", "Verviers", true, frenchStreets, mostlyFrench}
	mons     = &place{"7000", "Mons", true, frenchStreets, mostlyFrench}
	dinant   = &place{"5500", "Dinant", true, frenchStreets, mostlyFrench}
	marche   = &place{"6900", "Marche-en-Famenne", false, frenchStreets, mostlyFrench}
	wavre    = &place{"1300", "Wavre", true, frenchStreets, []portal.Language{"fr", "fr", "fr", "en"}}
	enghien  = &place{"7850", "Enghien", true, frenchStreets, []portal.Language{"fr", "fr", "nl"}}
	eupen    = &place{"4700", "Eupen", true, germanStreets, mostlyGerman}
	kelmis   = &place{"4720", "Kelmis", true, germanStreets, mostlyGerman}
	stVith   = &place{"4780", "Sankt Vith", false, germanStreets, mostlyGerman}

	// places is walked round and round as homes are built.
	places = []*place{namur, eupen, verviers, mons, kelmis, wavre, namur, enghien, eupen, dinant, stVith, marche}
)

// folk are the invented names of a language.
type folk struct{ given, family []string }

var folks = map[portal.Language]folk{
	"fr": {
		[]string{"Odile", "Anatole", "Céleste", "Firmin", "Ysaline", "Théodule", "Maëlle", "Octave", "Rosine",
			"Gaspard", "Apolline", "Basile", "Capucine", "Hippolyte", "Zélie", "Ambroise"},
		[]string{"Brumeclair", "Tilleroy", "Sautepré", "Vertepierre", "Noirmousse", "Belcaillou", "Clochevent",
			"Doucemare", "Quatreplumes", "Boutdelune", "Tournepain", "Grisefeuille", "Mirabelot", "Lentilleux"},
	},
	"de": {
		[]string{"Kaspar", "Liselotte", "Ruprecht", "Adelheid", "Korbinian", "Mechthild", "Balthasar", "Ottilie",
			"Valentin", "Wiltrud"},
		[]string{"Birkentau", "Moosglocke", "Nebelkamp", "Sternhagel", "Quellfuchs", "Federhain", "Uhrenkater",
			"Zwirnfeld", "Pfefferhase", "Mondscheffel"},
	},
	"nl": {
		[]string{"Wout", "Liesbet", "Joost", "Marijke", "Tijl", "Godelieve"},
		[]string{"Morgenzwaluw", "Wolkenmaker", "Zilverkikker", "Appelschemer", "Duinkaars"},
	},
	"en": {
		[]string{"Penelope", "Barnaby", "Winifred", "Jasper", "Clementine", "Rupert"},
		[]string{"Larkmeadow", "Thimblewick", "Puddlestone", "Foxgloam", "Butterquill"},
	},
}

// firms have an own list: a company's name is not a person's.
var firms = []string{"Boulangerie du Croissant Lunaire", "Garage Sans-Soucis & Fils", "Menuiserie Copeaudor",
	"Bäckerei Morgenkringel", "Atelier Rouage-Malin", "Café du Dernier Tram", "Brasserie Houblonnière-Basse"}

// suppliers are invented too; none is a licensed one.
var suppliers = []string{"Clairflux", "Sept-Sources Énergie", "Ardenne-Lumen", "Vennstrom", "Bellevague", "Kilovent"}

// names hands out each full name once.
type names struct {
	r    *rand.Rand
	used map[string]bool
}

func (n names) person(l portal.Language) string {
	f := folks[l]
	for {
		name := pick(n.r, f.given) + " " + pick(n.r, f.family)
		if !n.used[name] {
			n.used[name] = true
			return name
		}
	}
}

// address is a house nobody lives in: one street and number each.
func (n names) address(p *place) string {
	for {
		a := fmt.Sprintf("%s %d", pick(n.r, p.streets), 1+n.r.IntN(98))
		if key := p.name + a; !n.used[key] {
			n.used[key] = true
			return a
		}
	}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
