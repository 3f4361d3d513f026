/** Words of the special categories. General terms only: what is rare enough to name one person is a name's matter. */

const GROUPS = (
  'afghan albanian algerian american andorran angolan antiguan argentine argentinian argentinean armenian aruban australian austrian ' +
  'azerbaijani bahamian bahraini bangladeshi barbadian basque belarusian belgian belizean beninese bermudian bhutanese ' +
  'bolivian bosnian botswanan brazilian british briton bruneian bulgarian burkinabe burmese burundian cambodian ' +
  'cameroonian canadian catalan chadian chilean chinese colombian comoran congolese cornish costarican croatian cuban ' +
  'cypriot czech dane danish djiboutian dominican dutch ecuadorian ecuadorean egyptian emirati english englishman ' +
  'englishmen eritrean estonian ethiopian european faroese fijian filipino filipina finn finnish french frenchman ' +
  'gabonese gambian georgian german ghanaian gibraltarian greek greenlander greenlandic grenadian guatemalan guinean ' +
  'guyanese haitian hispanic honduran hungarian icelander icelandic indian indonesian iranian iraqi irish irishman ' +
  'israeli italian ivorian jamaican japanese jordanian kazakh kenyan korean kosovar kosovan kurd kurdish kuwaiti kyrgyz ' +
  'lao laotian latino latina latvian lebanese liberian libyan lithuanian luxembourger luxembourgish macedonian malagasy malawian malaysian ' +
  'maldivian malian maltese maori mauritanian mauritian mexican micronesian moldovan monegasque mongolian montenegrin ' +
  'moroccan mozambican namibian nauruan nepalese nepali nicaraguan nigerian nigerien norwegian omani ossetian pakistani ' +
  'palestinian panamanian paraguayan persian peruvian portuguese qatari quebecois romanian romani russian ' +
  'rwandan salvadoran samoan saudi scot scottish scotsman senegalese serb serbian seychellois singaporean slovak ' +
  'slovakian slovene slovenian somali spaniard spanish srilankan sudanese surinamese swazi swede swedish swiss syrian ' +
  'taiwanese tajik tanzanian thai tibetan togolese tongan trinidadian tunisian turk turkish turkmen tuvaluan ugandan ' +
  'ukrainian uruguayan uzbek venezuelan vietnamese welsh welshman yemeni zambian zimbabwean ' +
  'christian catholic protestant anglican baptist methodist lutheran presbyterian evangelical pentecostal ' +
  'mormon quaker jehovah muslim islamic sunni shia shiite sufi jew jewish hindu sikh buddhist jain zoroastrian bahai ' +
  'rastafarian pagan wiccan atheist agnostic ' +
  'republican democrat tory socialist communist libertarian marxist ' +
  'gay lesbian bisexual transgender homosexual heterosexual asexual nonbinary'
).split(' ');

/** Conditions, and what is taken or done for them. */
const HEALTH_TERMS = (
  'diabetes diabetic asthma asthmatic cancer tumor tumour leukemia leukaemia lymphoma melanoma carcinoma epilepsy ' +
  'epileptic hypertension hypotension arthritis osteoporosis migraine migraines depression depressed anxiety bipolar ' +
  'schizophrenia schizophrenic autism autistic adhd ptsd ocd anorexia bulimia dementia alzheimer alzheimers ' +
  "alzheimer's parkinson parkinsons parkinson's sclerosis stroke hepatitis tuberculosis pneumonia bronchitis copd " +
  'covid influenza hiv aids herpes chlamydia gonorrhea gonorrhoea syphilis hpv pregnant pregnancy miscarriage abortion ' +
  'infertility ivf menopause endometriosis eczema psoriasis anemia anaemia hemophilia haemophilia thrombosis embolism ' +
  'angina arrhythmia cardiomyopathy cirrhosis crohn crohns colitis celiac coeliac ibs reflux ulcer kidney dialysis ' +
  'transplant chemotherapy chemo radiotherapy insulin antidepressant antidepressants antibiotic antibiotics statin ' +
  'statins metformin ibuprofen paracetamol morphine methadone oxycodone prozac zoloft xanax valium ritalin viagra ' +
  'warfarin inhaler pacemaker wheelchair disabled disability addiction addict alcoholic alcoholism overdose rehab ' +
  'suicidal psychiatrist psychologist oncologist cardiologist neurologist seizure seizures headaches fibromyalgia lupus ' +
  'sciatica tinnitus glaucoma cataract cataracts vertigo insomnia allergic allergy allergies anaphylaxis biopsy mri'
).split(' ');

/** A word, and the one that must follow it, before what somebody suffers from or takes; empty when none must. */
const HEALTH_CUES = [
  ['diagnosed', 'with'],
  ['suffer', 'from'],
  ['suffers', 'from'],
  ['suffering', 'from'],
  ['suffered', 'from'],
  ['treated', 'for'],
  ['prescribed', ''],
  ['prescription', 'for'],
  ['medication', 'for'],
  ['recovering', 'from'],
] as const;

export type Meaning = 'group' | 'health' | { readonly next: string };

/** What a word says about somebody; one look-up for each word of every call. */
export const SPECIAL_TERMS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ...GROUPS.flatMap((word): [string, Meaning][] => [
    [word, 'group'],
    [`${word}s`, 'group'],
  ]),
  ...HEALTH_TERMS.map((word): [string, Meaning] => [word, 'health']),
  ...HEALTH_CUES.map(([word, next]): [string, Meaning] => [word, { next }]),
]);
