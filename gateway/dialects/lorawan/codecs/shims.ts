// What vendors' codecs expect and QuickJS does not have: `console`, which prints nothing, and the parts of Node's
// `Buffer` that codecs use. Evaluated inside the engine, before the codec.

export const consoleShim =
  'globalThis.console={log(){},info(){},warn(){},error(){},debug(){},trace(){},table(){},assert(){}};'

/** Written for this purpose; views share their memory, as in Node. */
export const bufferShim = `(() => {
const alphabet='ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
function fromBase64(text){
  const out=[];let bits=0,count=0;
  for(const letter of text.replace(/-/g,'+').replace(/_/g,'/')){
    const value=alphabet.indexOf(letter);
    if(value<0)continue;
    bits=(bits<<6|value)&0xffffff;count+=6;
    if(count>=8){count-=8;out.push(bits>>count&255)}
  }
  return out;
}
function fromUtf8(text){
  const out=[];
  for(const letter of text){
    const c=letter.codePointAt(0);
    if(c<0x80)out.push(c);
    else if(c<0x800)out.push(192|c>>6,128|c&63);
    else if(c<0x10000)out.push(224|c>>12,128|c>>6&63,128|c&63);
    else out.push(240|c>>18,128|c>>12&63,128|c>>6&63,128|c&63);
  }
  return out;
}
function fromText(text,encoding){
  switch(String(encoding||'utf8').toLowerCase()){
    case 'hex':return (text.match(/[0-9a-f]{2}/gi)||[]).map(pair=>parseInt(pair,16));
    case 'base64':case 'base64url':return fromBase64(text);
    case 'ascii':case 'latin1':case 'binary':return Array.from(text,letter=>letter.charCodeAt(0)&255);
    default:return fromUtf8(text);
  }
}
class Buffer extends Uint8Array{
  static from(value,encoding,length){
    if(typeof value==='string')return new Buffer(fromText(value,encoding));
    if(value instanceof ArrayBuffer)return new Buffer(value,encoding,length);
    return new Buffer(Array.from(value&&value.type==='Buffer'?value.data:value));
  }
  static alloc(size,fill){const out=new Buffer(size);if(fill!==undefined)out.fill(fill);return out}
  static allocUnsafe(size){return new Buffer(size)}
  static isBuffer(value){return value instanceof Buffer}
  static byteLength(text,encoding){return typeof text==='string'?fromText(text,encoding).length:text.byteLength}
  static concat(list){return new Buffer([].concat(...list.map(part=>Array.from(part))))}
  static get [Symbol.species](){return Buffer}
  view(){return new DataView(this.buffer,this.byteOffset,this.byteLength)}
  slice(start,end){return this.subarray(start,end)}
  equals(other){return this.length===other.length&&this.every((byte,at)=>byte===other[at])}
  copy(target,targetStart=0,start=0,end=this.length){const part=this.subarray(start,end);target.set(part,targetStart);return part.length}
  toJSON(){return{type:'Buffer',data:Array.from(this)}}
  toString(encoding,start=0,end=this.length){
    const bytes=Array.from(this.subarray(start,end));
    switch(String(encoding||'utf8').toLowerCase()){
      case 'hex':return bytes.map(byte=>byte.toString(16).padStart(2,'0')).join('');
      case 'base64':{
        let out='';
        for(let at=0;at<bytes.length;at+=3){
          const word=bytes[at]<<16|(bytes[at+1]||0)<<8|(bytes[at+2]||0);
          out+=alphabet[word>>18]+alphabet[word>>12&63]+(at+1<bytes.length?alphabet[word>>6&63]:'=')+(at+2<bytes.length?alphabet[word&63]:'=');
        }
        return out;
      }
      case 'ascii':return bytes.map(byte=>String.fromCharCode(byte&127)).join('');
      case 'latin1':case 'binary':return bytes.map(byte=>String.fromCharCode(byte)).join('');
      default:try{return decodeURIComponent(bytes.map(byte=>'%'+byte.toString(16).padStart(2,'0')).join(''))}catch{return bytes.map(byte=>String.fromCharCode(byte)).join('')}
    }
  }
  readUIntBE(at,size){let out=0;for(let i=0;i<size;i++)out=out*256+this.check(at+i);return out}
  readUIntLE(at,size){let out=0;for(let i=size-1;i>=0;i--)out=out*256+this.check(at+i);return out}
  readIntBE(at,size){const out=this.readUIntBE(at,size);return out>=2**(8*size-1)?out-2**(8*size):out}
  readIntLE(at,size){const out=this.readUIntLE(at,size);return out>=2**(8*size-1)?out-2**(8*size):out}
  check(at){if(at<0||at>=this.length)throw new RangeError('Attempt to access memory outside buffer bounds');return this[at]}
}
const sizes={UInt8:1,Int8:1,UInt16:2,Int16:2,UInt32:4,Int32:4,Float:4,Double:8,BigUInt64:8,BigInt64:8};
const names={UInt8:'Uint8',UInt16:'Uint16',UInt32:'Uint32',Float:'Float32',Double:'Float64',BigUInt64:'BigUint64'};
for(const kind of Object.keys(sizes)){
  const name=names[kind]||kind;
  for(const order of sizes[kind]===1?['']:['BE','LE']){
    Buffer.prototype['read'+kind+order]=function(at=0){return this.view()['get'+name](at,order==='LE')};
    Buffer.prototype['write'+kind+order]=function(value,at=0){this.view()['set'+name](at,value,order==='LE');return at+sizes[kind]};
    if(kind.includes('UInt')){
      Buffer.prototype[('read'+kind+order).replace('UInt','Uint')]=Buffer.prototype['read'+kind+order];
      Buffer.prototype[('write'+kind+order).replace('UInt','Uint')]=Buffer.prototype['write'+kind+order];
    }
  }
}
globalThis.Buffer=Buffer;
globalThis.require=name=>{if(name==='buffer'||name==='node:buffer')return{Buffer};throw new Error('a codec has no module '+name)};
globalThis.atob=text=>String.fromCharCode(...fromBase64(text));
globalThis.btoa=text=>Buffer.from(text,'latin1').toString('base64');
})();`
