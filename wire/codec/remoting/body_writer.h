#ifndef WAYPOST_WIRE_CODEC_REMOTING_BODY_WRITER_H_
#define WAYPOST_WIRE_CODEC_REMOTING_BODY_WRITER_H_

// What the encoders of bodies share.

#include "wire/codec/remoting/bodies.h"
#include "wire/codec/remoting/json_writer.h"
#include "wire/model/remoting.h"

namespace waypost::remoting {

void write(JsonWriter& json, const std::vector<std::string>& texts);
void write(JsonWriter& json, const BrokerAddresses& addresses);
void write(JsonWriter& json, const BrokerData& broker);
void write(JsonWriter& json, const QueueData& queue);
void write(JsonWriter& json, const model::DataVersion& version);
void write(JsonWriter& json, const model::StaticTopicMapping& mapping);

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_BODY_WRITER_H_
