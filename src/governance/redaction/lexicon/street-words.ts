/** What streets, and parts of houses, are called in addresses of many countries. */

/** Stand after a street's name and are seldom said for anything else. */
export const STREET_ENDINGS = words(`
  street str avenue ave av road rd boulevard blvd lane ln drive dr court ct place pl square sq terrace crescent cres
  close parkway pkwy highway hwy freeway motorway expressway turnpike alley mews grove gardens way walk row circle cir
  trail loop parade quay esplanade bypass causeway viaduct throughway skyway strasse straße strase gasse platz weg allee
  damm ring ufer straat laan plein kade steeg gade gate gata gatan vej vei veg veien väg vägen tie katu kuja polku
  puistotie utca út tér körút ulice náměstí námestie prospekt ulitsa naberezhnaya sokak caddesi cad cd mahallesi
  gränd torg torget plads allé bakken stien radial
`);

/** Too often an ordinary word: only between a number or a name and the rest of an address. */
export const LOOSE_ENDINGS = words(`
  close place court drive way walk row circle trail loop square ring gate tie court gardens grove park hill view green
  crossing bridge ridge point junction corner corners plaza center centre mill meadow meadows vista pass path run
  creek manor mall common field fields forest station estate heights landing hollow harbor harbour island valley
  extension glen shoals springs union village wells knoll orchard summit spur ranch rapids plain pine pines port ports
  prairie rest river route shore shores spring stream track trace trafficway tunnel underpass walks wall well turnpike
  overpass oval neck mission mountain lodge locks light lakes key keys inlet haven forge forks ford flats flat ferry
  falls fall expressway divide dam dale crest cove course cliffs cliff cape canyon camp burg brooks brook branch light
  bypass parade quay causeway viaduct circle
`);

/** Stand before a street's name. */
export const STREET_BEGINNINGS = words(`
  rue avenue avenida avda av calle cl camino carrer carretera paseo plaza praça praca rua travessa estrada alameda largo
  via viale vicolo piazza piazzale corso strada str ul ulica ulitsa al aleja os plac pl trg cesta ulice nám náměstí
  boulevard bulevar bulevardul bd chemin allée impasse quai place cours route passage rd
  jalan jl gang lorong kampung calea aleea șoseaua soseaua splaiul intrarea prospekt
`);

/** Stand before a street's name, and mean something else in English talk. */
export const LOOSE_BEGINNINGS = words(
  'avenue via plaza boulevard place route passage strada corso al os pl str av cl bd gang court cours camino largo rd',
);

/** The end of a word that is a street all by itself, as in most Germanic and Nordic languages and in Finnish. */
export const STREET_SUFFIXES = words(`
  straße strasse strase straat gasse weg platz allee damm ufer steig laan plein kade dijk singel steeg gracht
  gatan gata gaten gate gade vägen vagen väg veien vegen veg vej vejen gränd torget torg stræde plads allé bakken
  stien svingen katu tie kuja polku puisto kaari raitti stígur braut vegur gerði stræti
  utca útja ulica ulice
`);

/** A part of a house, with its number after it. */
export const HOUSE_PARTS = words(
  'apt apartment suite ste flat unit floor fl room rm building bldg block lot box pob pmb psc psce cmr trlr slip hangar lvl level piso depto etg wohnung',
);

/** Enough by themselves, with a number after them. */
export const SURE_HOUSE_PARTS = words('apt apartment suite ste psc pmb cmr pob bldg flat');

/** Military post and ships, as the United States address them. */
export const MILITARY_POST = words('apo fpo dpo usns uscgc uss usnv usnav');

function words(list: string): readonly string[] {
  return list.split(/\s+/u).filter((word) => word !== '');
}
