/** Countries, the peoples and states of them, and the words that places begin with. */

import { faker as en } from '@faker-js/faker/locale/en';
import { faker as gb } from '@faker-js/faker/locale/en_GB';

export interface PlaceNames {
  readonly countries: readonly string[];
  readonly regions: readonly string[];
}

export function listPlaces(): PlaceNames {
  const location = en.rawDefinitions.location;
  return {
    countries: [...(location?.country ?? []), ...OTHER_COUNTRIES],
    regions: [...(location?.state ?? []), ...(gb.rawDefinitions.location?.county ?? []), ...OTHER_REGIONS],
  };
}

const OTHER_COUNTRIES = lines(
  'united states|united states of america|america|united kingdom|great britain|britain|england|scotland|wales|northern ireland|' +
    'ireland|russia|iran|syria|vietnam|south korea|north korea|korea|taiwan|tanzania|venezuela|bolivia|moldova|macedonia|' +
    'north macedonia|czech republic|czechia|slovakia|holland|netherlands|the gambia|laos|brunei|palestine|kosovo|' +
    'ivory coast|cape verde|swaziland|eswatini|burma|myanmar|east timor|vatican|vatican city|macau|hong kong|' +
    'congo|micronesia|emirates|united arab emirates|faroe islands|falkland islands|virgin islands|reunion|turkiye',
);
const OTHER_REGIONS = lines(
  'ontario|quebec|british columbia|alberta|manitoba|saskatchewan|nova scotia|new brunswick|newfoundland|labrador|' +
    'new south wales|queensland|tasmania|northern territory|western australia|south australia|' +
    'bavaria|saxony|hesse|catalonia|andalusia|lombardy|tuscany|sicily|normandy|brittany|provence|' +
    'ulster|munster|leinster|connacht|cornwall|devon|yorkshire|lancashire|essex|kent|surrey|sussex|norfolk|suffolk|' +
    'europe|asia|africa|antarctica|scandinavia|balkans|midlands|punjab|gujarat|kerala|bihar|maharashtra',
);

/** Written for the people, their language or their faith: stems that take a plural. */
export const PEOPLES = words(`
  afghan albanian algerian american andorran angolan argentine argentinian armenian australian aussie austrian
  azerbaijani azeri bahamian bahraini bangladeshi barbadian basque belarusian belgian belizean beninese bhutanese
  bolivian bosnian botswanan brazilian british briton brit bruneian bulgarian burmese burundian cambodian cameroonian
  canadian catalan chadian chilean chinese colombian comoran congolese croat croatian cuban cypriot czech dane danish
  dutch dutchman ecuadorean ecuadorian egyptian english englishman englishwoman eritrean estonian ethiopian filipino
  filipina fijian finn finnish flemish french frenchman gabonese gambian georgian german ghanaian gibraltarian
  greek greenlander greenlandic grenadian guatemalan guinean guyanese haitian honduran hungarian icelander icelandic
  indian indonesian iranian iraqi irish irishman israeli italian ivorian jamaican japanese jordanian kazakh kenyan
  korean kosovar kurd kurdish kuwaiti kyrgyz lao laotian latvian lebanese liberian libyan liechtensteiner lithuanian
  luxembourger macedonian malagasy malawian malay malaysian maldivian malian maltese maori mauritanian mauritian
  mexican moldovan monegasque mongolian montenegrin moroccan mozambican namibian nepalese nepali nicaraguan nigerian
  nigerien norwegian omani pakistani palestinian panamanian papuan paraguayan persian peruvian pole polish portuguese
  qatari romanian russian rwandan salvadoran salvadorean samoan saudi scot scottish scotsman senegalese serb serbian
  singaporean slovak slovakian slovene slovenian somali spaniard spanish sudanese surinamese swazi swede swedish
  swiss syrian taiwanese tajik tanzanian thai tibetan togolese tongan trinidadian tunisian turk turkish turkmen ugandan
  ukrainian uruguayan uzbek venezuelan vietnamese welsh welshman yemeni yugoslav zambian zimbabwean
  african asian european arab arabian arabic hispanic latino latina latin scandinavian caucasian caribbean creole
  christian catholic protestant anglican baptist methodist lutheran evangelical pentecostal mormon orthodox quaker
  presbyterian adventist muslim moslem islamic sunni shia shii shiite sufi ahmadi jew jewish judaism zionist hindu sikh
  jain buddhist taoist zoroastrian bahai atheist agnostic pagan wiccan hasidic rastafarian rasta romani roma sinti
  republican democrat tory labour communist socialist marxist fascist nazi leninist gypsy zulu xhosa yoruba igbo hausa
  pashtun tamil bengali punjabi gujarati sinhalese tatar chechen hutu tutsi maya aztec inuit cherokee navajo apache
`);

/** Peoples' names that are, in talk, most often something else. */
export const LOOSE_PEOPLES = words(
  'pole finn dane scot brit turk labour lao pagan roma christian orthodox baptist latin thai',
);

/** Countries that are, in talk, most often something else. */
export const LOOSE_COUNTRIES = words(
  'turkey china chad jordan georgia niger guinea mali togo peru cuba jersey reunion oman man',
);

/** Stand before the name of a place and belong to it. */
export const PLACE_BEGINNINGS = words(
  'new north south east west northern southern eastern western upper lower great greater little old saint st san santa ' +
    'sao são santo fort port mount mt lake cape los las la le les el puerto villa bad rio ciudad novo nova nowy nowa ' +
    'stary nizhny st. sankt royal grand point cite cité',
);

/** Stand after the name of a place and belong to it. */
export const PLACE_ENDINGS = words(
  'city town village county province district beach springs falls heights hills island islands valley bay harbor harbour ' +
    'shire state region parish borough township ext extension central upon',
);

/** Two letters that mean a state or province when they stand in an address. */
export const STATE_CODES = words(`
  al ak az ar ca co ct de dc fl ga hi ia id il in ks ky la ma md me mi mn mo ms mt nc nd ne nh nj nm nv ny oh ok or pa
  pr ri sc sd tn tx ut va vt wa wi wv wy aa ae ap gu vi as ab bc mb nb nl ns nt nu on pe qc sk yt nsw qld vic tas act
  sa wa ec gp kzn wc nw fs mp lp sp rj mg rs
`);

function words(list: string): readonly string[] {
  return list.split(/\s+/u).filter((word) => word !== '');
}

function lines(list: string): readonly string[] {
  return list.split('|');
}
