/** The way through the fields of one signer, in the order of the document. */
export class Walk {
    /** @param {Object[]} fields of the signer */
    constructor(fields) {
        this.fields = fields;
        // what the sender has filled in already
        this.given = new Set(fields.filter(({ isFilled }) => isFilled));
        // whether it leads to what may stay empty, too
        this.takesOptional = false;
    }

    /** Of the buttons of a group, the first one stands for all. */
    get stops() {
        return this.fields.filter((field) => field.lead === field);
    }

    get missing() {
        return this.stops.filter((field) => field.isMissing);
    }

    /** What may stay empty, and is. */
    get optional() {
        return this.stops.filter((field) => !field.isRequired && !field.isAnswered);
    }

    isGiven(field) {
        return field.isAnswered && field.siblings.some((each) => this.given.has(each));
    }

    /** How much there is to do for the signer, and how much of it is done. */
    get progress() {
        const required = this.stops.filter((field) => field.isRequired && !this.isGiven(field));
        return {
            done: required.filter((field) => field.isAnswered).length,
            total: required.length,
        };
    }

    ahead(stops, field) {
        const place = this.fields.indexOf(field);
        return stops.find((stop) => this.fields.indexOf(stop) > place);
    }

    /** Where to go from a field, or from nowhere: to what is missing, and begin again at the end. */
    next(field) {
        const { missing, optional } = this;
        return (
            this.ahead(missing, field) ||
            missing[0] ||
            (this.takesOptional && this.ahead(optional, field))
        );
    }

    /** The field before, be it filled or not. */
    previous(field) {
        const place = this.fields.indexOf(field);
        const before = this.stops.filter((stop) => this.fields.indexOf(stop) < place);
        return (field ? before : this.stops).pop();
    }
}
