/** Words that keep the period behind them, whatever follows. */
const lowerOrUpper = [
  "jan feb mar apr jun jul aug sept? oct nov dec mon tues? wed thu thurs fri",
  "ala ariz calif colo conn ct dak fla ga ind kans? ky md mich minn mo mont neb nev okla penn tenn va vt wisc? wyo",
  "inc cos? corp pt[ye]s? ltd plc bancorp bhd assn univ intl sys tel est ext sq jr sr bros esq etc al seq",
  "mrs? ms drs? profs? sens? reps? attys? lt col gen messrs govs? adm rev maj sgt cpl pvt capt ste? ave pres lieut hon brig co?mdr pfc spc supts? det",
  "invt elec natl m[ft]g dept blvd rd viz exhs? govt wm jos cie cf vs rt",
];

/** These are also plain words, and abbreviations only with a capital. */
const upper = "Az Ark Del Ill La Mass Miss Ore Pa Tex Wash";

/** And these only before a number. */
const beforeNumber = "ca figs? prop nos? vols? sects? arts? bldg pp op";

const alternatives = (words: string) => words.trim().replaceAll(/\s+/g, "|");

export const abbreviation = new RegExp(`(?:${alternatives(lowerOrUpper.join(" "))}|(?:ph|ed)\\.d)\\.`, "iuy");
export const capitalAbbreviation = new RegExp(`(?:${alternatives(upper)})\\.`, "uy");
export const numberAbbreviation = new RegExp(`(?:${alternatives(beforeNumber)})\\.(?=\\s*\\p{Nd})`, "iuy");
